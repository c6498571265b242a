"""Why a message did not arrive, and what an agent can do about it: each sentence comes with its button."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from messaging.channels.base import MessageType
from messaging.channels.capabilities import capabilities_of
from messaging.channels.errors import ErrorClass, rule_for
from messaging.conversations.models import Conversation
from messaging.messages.claiming import POISONED
from messaging.messages.models import Message, MessageState
from messaging.messages.services import GIVEN_UP, may_retry

Action = dict[str, Any]
# Nobody knows whether it arrived, so the same once more may be there twice.
PERHAPS_ARRIVED = {POISONED, GIVEN_UP}
# The number is missing or wrong: the contact's page is where it is mended.
OF_THE_NUMBER = {"no_address", "131021", "131026"}
# What the words of the composer can be written anew after; the rest is mended elsewhere, or by nobody.
NO_WORDS = {MessageType.REACTION, MessageType.TEMPLATE}


def problem(message: Message, conversation: Conversation) -> dict[str, Any] | None:
    """The reason in plain words with its actions; None when all is well."""
    if message.state == MessageState.UNKNOWN:
        return _of_unknown(message, conversation)
    if message.state != MessageState.FAILED:
        return None
    rule = rule_for(conversation.channel.kind, message.error_code)
    actions = [*_after_failure(message, conversation, rule.means)]
    if _never_arrives(message):
        url = reverse("contact", args=[conversation.contact.public_id])
        actions.append({"label": _("Look at the contact"), "url": url})
    return {"reason": f"{rule.what} {rule.todo}", "actions": actions}


def writes_freely(conversation: Conversation) -> bool:
    """Whether anything may be written, or only a template."""
    window = capabilities_of(conversation.channel.kind).window
    return window is None or conversation.window_is_open()


def _of_unknown(message: Message, conversation: Conversation) -> dict[str, Any]:
    if not message.asks_a_person():
        return {
            "reason": _("The provider did not answer. Whether it arrived shows as soon as a report comes."),
            "actions": [],
        }
    reason = _("The provider did not answer, and no report came. Sent again, it may arrive twice.")
    let_be = {"label": _("Let it be"), "post": _url("conversation_let_be", message, conversation)}
    return {"reason": reason, "actions": [*_again(message, conversation), let_be]}


def _after_failure(message: Message, conversation: Conversation, means: ErrorClass) -> Iterator[Action]:
    if may_retry(message):
        yield from _again(message, conversation)
    is_template = message.type == MessageType.TEMPLATE
    if is_template or means == ErrorClass.WINDOW_CLOSED or not writes_freely(conversation):
        yield _choose_template(message, conversation)
    elif message.text and message.type not in NO_WORDS and not (may_retry(message) or _never_arrives(message)):
        yield _write_anew(message, conversation)


def _never_arrives(message: Message) -> bool:
    return message.error_code in OF_THE_NUMBER


def _again(message: Message, conversation: Conversation) -> Iterator[Action]:
    """Not when the window has closed meanwhile: it would be refused."""
    if message.type == MessageType.TEMPLATE or writes_freely(conversation):
        may_double = message.error_code in PERHAPS_ARRIVED
        label = _("Send again, perhaps twice") if may_double else _("Send again")
        yield {"label": label, "post": _url("conversation_retry", message, conversation)}


def _choose_template(message: Message, conversation: Conversation) -> Action:
    """The picker; after a failed template it begins with the same one."""
    path = reverse("conversation_templates", args=[conversation.public_id])
    name = message.content.get("name") if message.type == MessageType.TEMPLATE else ""
    url = f"{path}?{urlencode({'q': name})}" if isinstance(name, str) and name else path
    return {"label": _("Choose a template"), "url": url, "part": url}


def _write_anew(message: Message, conversation: Conversation) -> Action:
    query = urlencode({"anew": message.public_id})
    return {
        "label": _("Write it anew"),
        "url": f"{reverse('conversation', args=[conversation.public_id])}?{query}#composer",
        "part": f"{reverse('conversation_composer', args=[conversation.public_id])}?{query}",
    }


def _url(name: str, message: Message, conversation: Conversation) -> str:
    return reverse(name, args=[conversation.public_id, message.public_id])
