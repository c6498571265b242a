"""Webhook bodies written and signed as Meta does."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from tests.conftest import Browser

SECRET = "test_app_secret"
VERIFY = "a word of ours"
NUMBER, ACCOUNT = "106540352242922", "102290129340398"
OTHER_NUMBER, OTHER_ACCOUNT = "206540352242923", "202290129340399"
ANA, BO = "15550001111", "15550002222"


def text(external_id: str = "wamid.IN", body: str = "Hi", *, sender: str = ANA, at: int = 1749416383) -> dict[str, Any]:
    return {"from": sender, "id": external_id, "timestamp": str(at), "type": "text", "text": {"body": body}}


def reaction(
    to: str, emoji: str = "👍", *, external_id: str = "wamid.REACTION", at: int = 1749416400
) -> dict[str, Any]:
    said = {"message_id": to, "emoji": emoji}
    return {"from": ANA, "id": external_id, "timestamp": str(at), "type": "reaction", "reaction": said}


def status(external_id: str = "wamid.OUT", said: str = "delivered", *, at: int = 1750030080) -> dict[str, Any]:
    return {"id": external_id, "status": said, "timestamp": str(at), "recipient_id": ANA}


def person(wa_id: str = ANA, name: str = "Ana", user_id: str = "") -> dict[str, Any]:
    return {"profile": {"name": name}, "wa_id": wa_id, **({"user_id": user_id} if user_id else {})}


def change(
    *messages: Any, statuses: tuple[Any, ...] = (), contacts: tuple[Any, ...] = (), number: str = NUMBER
) -> dict[str, Any]:
    value: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550783881", "phone_number_id": number},
    }
    lists = {"messages": list(messages), "statuses": list(statuses), "contacts": list(contacts)}
    return {"field": "messages", "value": value | {key: items for key, items in lists.items() if items}}


def entry(*changes: Any, account: str = ACCOUNT, at: int = 1739321024) -> dict[str, Any]:
    return {"id": account, "time": at, "changes": list(changes)}


def body(*entries: Any) -> bytes:
    return json.dumps({"object": "whatsapp_business_account", "entry": list(entries)}).encode()


def said(*messages: Any, **more: Any) -> bytes:
    """A body with these messages for the usual number."""
    return body(entry(change(*messages, **more)))


def about(field: str, value: dict[str, Any], *, account: str = ACCOUNT, at: int = 1739321024) -> bytes:
    return body(entry({"field": field, "value": value}, account=account, at=at))


def sign(content: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


def post(browser: Browser, url: str, content: bytes, signature: str | None = None) -> int:
    header = sign(content) if signature is None else signature
    headers = {"X-Hub-Signature-256": header} if header else {}
    return int(browser.post(url, content, content_type="application/json", headers=headers).status_code)
