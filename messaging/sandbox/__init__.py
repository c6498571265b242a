"""The providers, played by a local server that shares no code with the product.

Whoever reads it beside the vendor's page finds the same words: `reference §n` names the part that is imitated. The
contract with the product is HTTP alone: the Graph API on one side, signed webhooks on the other, and a control API
(`/sandbox/api/`) for tests, the demo and the pages `/phone/` and `/knobs/`.
"""
