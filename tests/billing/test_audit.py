"""What billing writes into the audit log reads as a sentence."""

from __future__ import annotations

import re
from pathlib import Path

from tenants.templatetags.audit_text import SENTENCES

ROOT = Path(__file__).resolve().parents[2]


def test_every_action_of_billing_has_a_sentence() -> None:
    code = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "billing").rglob("*.py"))
    kinds = "billing_profile|budget|invoice|month|payment|plan|rate_card|price_list|exchange_rate|subscription"
    written = set(re.findall(rf'"((?:{kinds})\.[a-z_]+)"', code))
    assert written
    assert written - {"invoice.typ"} - set(SENTENCES) == set()
