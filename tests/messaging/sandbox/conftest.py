"""One sandbox for all its tests; each begins with empty phones and turned-back knobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from messaging.sandbox.testing import AT_ONCE, Answer, Sandbox, running

WABA, NUMBER, TOKEN, SECRET = "1001", "2001", "token-of-acme", "secret-of-acme"
PERSON = "+4915112345678"
Send = Callable[..., Answer]


def template(name: str = "order_shipped", **more: Any) -> dict[str, Any]:
    body = {
        "type": "BODY",
        "text": "Hello {{1}}, your order {{2}} left our house today.",
        "example": {"body_text": [["Ana", "A-17"]]},
    }
    return {"name": name, "language": "en", "category": "UTILITY", "components": [body], **more}


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    with running() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    """A business with one number and one approved template; everything happens at once."""
    made = running_sandbox
    made.reset(everything=True)
    made.receiver.answers[:] = [200]
    made.api("PATCH", "/webhooks", {"retry_seconds": 1})
    made.add_account(
        WABA,
        name="Acme",
        portfolio_id="9001",
        app_id="8001",
        app_secret=SECRET,
        verify_token=made.receiver.verify_token,
        webhook_url=made.receiver.url,
        token=TOKEN,
        review_ms=0,
        numbers=[
            {
                "id": NUMBER,
                "display_phone_number": "+49 40 5551200",
                "verified_name": "Acme",
                "knobs": {**AT_ONCE, "throughput": 0},
            }
        ],
        templates=[template()],
    )
    return made


@pytest.fixture
def graph(sandbox: Sandbox) -> Send:
    """A call to the Graph API with the business's token."""

    def call(method: str, path: str, body: Any = None, **more: Any) -> Answer:
        return sandbox.call(method, f"/v25.0/{path}", body, token=more.pop("token", TOKEN), **more)

    return call


@pytest.fixture
def send(graph: Send) -> Send:
    """A message of the business to `to`."""

    def post(to: str = PERSON, **body: Any) -> Answer:
        return graph("POST", f"{NUMBER}/messages", {"messaging_product": "whatsapp", "to": to, **body})

    return post


@pytest.fixture
def send_text(send: Send) -> Send:
    return lambda to=PERSON, **more: send(to, type="text", text={"body": "Hello"}, **more)


@pytest.fixture
def send_template(send: Send) -> Send:
    def post(to: str = PERSON, *values: str, name: str = "order_shipped", **more: Any) -> Answer:
        given = [{"type": "text", "text": value} for value in (values or ("Ana", "A-17"))]
        wanted = {"name": name, "language": {"code": "en"}, "components": [{"type": "body", "parameters": given}]}
        return send(to, type="template", template=wanted | more)

    return post


def code(answer: Answer) -> tuple[int, int]:
    """HTTP status and the vendor's code."""
    return answer.status, answer.body["error"]["code"]


def wamid(answer: Answer) -> str:
    assert answer.status == 200, answer.body
    return str(answer.body["messages"][0]["id"])
