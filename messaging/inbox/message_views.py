"""What an agent says in a conversation, and does with one message of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages as toasts
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from messaging.broadcasts.models import Broadcast
from messaging.channels.base import MessageType
from messaging.channels.capabilities import capabilities_of
from messaging.channels.errors import rule_for
from messaging.conversations.models import Conversation
from messaging.inbox import composing, costs, shown
from messaging.inbox.extras import ContentForm
from messaging.inbox.forms import NoteForm, ReactionForm, ReplyForm
from messaging.inbox.kinds import is_people_s
from messaging.inbox.remedies import writes_freely
from messaging.inbox.views import conversation_of, conversation_page, thread_context
from messaging.messages import actions, answering, services
from messaging.messages.affording import BudgetUsedUp
from messaging.messages.agreeing import NotAgreed
from messaging.messages.models import Direction, Message
from messaging.messages.services import ChannelGone, ContentRefused, NotRetryable, WindowClosed
from tenants.access import role_required
from tenants.models import Role
from tenants.request import Request, company_of

EMOJI = ("👍", "❤️", "😂", "😮", "😢", "🙏")
Refusal = BudgetUsedUp | ChannelGone | ContentRefused | NotAgreed | NotRetryable | WindowClosed


# --- Writing ----------------------------------------------------------------------------------------------------------


@require_safe
@role_required(Role.AGENT)
def composer(request: Request, public_id: str) -> HttpResponse:
    """The composer alone: with a quote, a small form, or words that are written anew."""
    found = conversation_of(public_id)
    return render(request, "inbox/_composer.html", {**thread_context(request, found), "is_asked_for": True})


@require_POST
@role_required(Role.AGENT)
def reply(request: Request, public_id: str) -> HttpResponse:
    found = conversation_of(public_id)
    form = ReplyForm(request.POST, most=capabilities_of(found.channel.kind).text)
    if "read_first" in request.POST:
        return page_again(request, found, status=200, **kept_of(found, form))
    if not form.is_valid():
        return page_again(request, found, form=form, **kept_of(found, form))
    said = form.cleaned_data
    return _send(request, found, form, kept_of(found, form), text=said["text"])


@require_POST
@role_required(Role.AGENT)
def send(request: Request, public_id: str, key: str) -> HttpResponse:
    """One of the composer's small forms."""
    found = conversation_of(public_id)
    extra = composing.chosen(found, key)
    if extra is None and (key not in composing.EXTRAS or writes_freely(found)):
        raise Http404
    if extra is None:
        return page_again(request, found, refused=str(WindowClosed()))
    form = extra.form(request.POST, kind=found.channel.kind)
    kept: dict[str, Any] = {"extra": extra, "extra_form": form}
    if "read_first" in request.POST:
        return page_again(request, found, status=200, **kept)
    if not form.is_valid():
        return page_again(request, found, **kept)
    return _send(request, found, form, kept, type=extra.form.type, content=form.content())


def _send(
    request: Request, found: Conversation, form: ReplyForm | ContentForm, kept: dict[str, Any], **message: Any
) -> HttpResponse:
    """Send it, or show the composer with what was typed and why it was not sent."""
    said = form.cleaned_data
    quote = composing.quoted(found, said["quote"])
    try:
        answering.answer(
            found,
            author=request.user,
            seen=said["seen"],
            client_key=said["client_key"],
            reply_to=quote,
            **message,
        )
    except answering.Unseen as unseen:
        entries = [shown.quote_of(one, found) for one in unseen.messages]
        kept = _with_newer_seen(request, found, kept, unseen.messages[-1].public_id)
        return page_again(request, found, status=409, unseen=entries, **kept)
    except ContentRefused as refusal:
        if isinstance(form, ContentForm):
            form.show([*refusal.problems])
            return page_again(request, found, **kept)
        return page_again(request, found, refused=str(refusal), **kept)
    except (BudgetUsedUp, ChannelGone, WindowClosed) as refusal:
        return page_again(request, found, refused=str(refusal), **kept)
    return written(request, found)


def _with_newer_seen(request: Request, found: Conversation, kept: dict[str, Any], seen: str) -> dict[str, Any]:
    """A small form carries what its page showed in itself; what is shown now is newer, and no more than that."""
    if "extra_form" not in kept:
        return kept
    data = request.POST.copy()
    data["seen"] = seen
    form = kept["extra"].form(data, kind=found.channel.kind)
    return {**kept, "extra_form": form}


@require_POST
@role_required(Role.AGENT)
def note(request: Request, public_id: str) -> HttpResponse:
    found = conversation_of(public_id)
    form = NoteForm(request.POST)
    if form.is_valid():
        actions.note(found, author=request.user, text=form.cleaned_data["text"])
        return written(request, found)
    return page_again(request, found, form=form, typed_note=form.data.get("text", ""), mode="note")


def kept_of(found: Conversation, form: Form) -> dict[str, Any]:
    """What was typed, with its key: sent again it is the same message. A key that is none is left out."""
    form.is_valid()
    quote = composing.quoted(found, form.cleaned_data.get("quote", ""))
    key = form.cleaned_data.get("client_key", "")
    return {
        "typed": form.data.get("text", ""),
        "quote": shown.quote_of(quote, found) if quote else None,
        **({"client_key": key} if key else {}),
    }


# --- One message ------------------------------------------------------------------------------------------------------


@require_safe
@role_required(Role.AGENT)
@vary_on_headers("HX-Request")
def message(request: Request, public_id: str, message_id: str) -> HttpResponse:
    """What is known of a message, and what can be done with it: a menu beside it, or a page."""
    found = conversation_of(public_id)
    return _looked_at(request, found, _message(found, message_id))


@require_POST
@role_required(Role.AGENT)
def react(request: Request, public_id: str, message_id: str) -> HttpResponse:
    """An emoji to what the person wrote. The same as before sends nothing, so a double click is one reaction."""
    found = conversation_of(public_id)
    chosen = _message(found, message_id)
    if chosen.direction != Direction.INBOUND or not capabilities_of(found.channel.kind).reactions:
        raise Http404
    form = ReactionForm(request.POST)
    if not form.is_valid():
        return _looked_at(request, found, chosen, refused=_("Choose one emoji."))
    emoji = form.cleaned_data["emoji"]
    try:
        if emoji != chosen.reaction_out:
            services.react(chosen, emoji, author=request.user)
    except (BudgetUsedUp, ChannelGone, ContentRefused, WindowClosed) as refusal:
        return _looked_at(request, found, chosen, refused=str(refusal))
    return _done(request, found)


@require_POST
@role_required(Role.AGENT)
def retry(request: Request, public_id: str, message_id: str) -> HttpResponse:
    """Another attempt of what may be tried again; of anything else the page says why not."""
    found = conversation_of(public_id)
    try:
        services.retry(_message(found, message_id, reactions=True))
    except (BudgetUsedUp, ChannelGone, NotAgreed, NotRetryable, WindowClosed) as refusal:
        return _done(request, found, refused=refusal)
    return _done(request, found)


@require_POST
@role_required(Role.AGENT)
def let_be(request: Request, public_id: str, message_id: str) -> HttpResponse:
    """Give up a message of which nobody heard; a report may still tell that it arrived."""
    found = conversation_of(public_id)
    services.give_up(_message(found, message_id, reactions=True))
    return _done(request, found)


def _message(found: Conversation, message_id: str, *, reactions: bool = False) -> Message:
    """One that was written by the person or to them."""
    rows = Message.objects.filter(conversation=found).select_related("reply_to", "channel")
    one = get_object_or_404(rows, public_id=message_id)
    if not is_people_s(one) and not (reactions and one.type == MessageType.REACTION):
        raise Http404
    one.conversation = found
    return one


def _broadcast_of(message: Message) -> Broadcast | None:
    """The one a message was sent with, or was the test of."""
    key = message.content.get("broadcast")
    return Broadcast.objects.filter(public_id=key).first() if isinstance(key, str) else None


def _looked_at(request: Request, found: Conversation, chosen: Message, *, refused: str = "") -> HttpResponse:
    may_write = request.visit is None
    rule = rule_for(found.channel.kind, chosen.error_code) if chosen.error_code else None
    can_react = (
        may_write
        and chosen.direction == Direction.INBOUND
        and chosen.external_id
        and "revoked_at" not in chosen.content
        and capabilities_of(found.channel.kind).reactions
        and writes_freely(found)
    )
    context = {
        "conversation": found,
        "chosen": chosen,
        "message": shown.bubble(chosen, found),
        "may_write": may_write,
        "can_react": can_react,
        "emoji": EMOJI,
        "is_own_emoji": bool(chosen.reaction_out) and chosen.reaction_out not in EMOJI,
        "rule": rule,
        "refused": refused,
        "template": chosen.content.get("name") if chosen.type == MessageType.TEMPLATE else "",
        "broadcast": _broadcast_of(chosen),
        "cost": costs.settled(company_of(request), chosen),
    }
    status = 422 if refused else 200
    if not request.htmx:
        return render(request, "inbox/message.html", context, status=status)
    answer = render(request, "inbox/_message_menu.html", context, status=status)
    # A refusal comes back to where the menu is, not to the thread.
    answer["HX-Retarget"], answer["HX-Reswap"] = "#message-menu", "innerHTML"
    return answer


# --- Answers ----------------------------------------------------------------------------------------------------------


def _done(request: Request, found: Conversation, *, refused: Refusal | None = None) -> HttpResponse:
    """The thread as it is now; the composer is left alone."""
    if not refused:
        return redirect("conversation_thread" if request.htmx else "conversation", public_id=found.public_id)
    toasts.error(request, str(refused))
    answer = redirect("conversation", public_id=found.public_id)
    # A whole page either way, so that the reason is seen.
    return HttpResponse(status=204, headers={"HX-Redirect": answer.url}) if request.htmx else answer


def written(request: Request, found: Conversation) -> HttpResponse:
    if request.htmx:
        _refresh(found)
        return render(request, "inbox/_thread.html", thread_context(request, found, is_asked_for=True))
    return redirect("conversation", public_id=found.public_id)


def page_again(request: Request, found: Conversation, *, status: int = 422, **kept: Any) -> HttpResponse:
    """The conversation with the composer as it was left."""
    kept = {**kept, "is_asked_for": True}
    _refresh(found)
    if request.htmx:
        return render(request, "inbox/_thread.html", thread_context(request, found, **kept), status=status)
    return render(request, "inbox/inbox.html", conversation_page(request, found, **kept), status=status)


def _refresh(found: Conversation) -> None:
    found.refresh_from_db(fields=["state", "assignee_id", "last_inbound_at"])
