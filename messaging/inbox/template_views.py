"""Choosing a template for somebody, filling it in, and sending it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from messaging.conversations.models import Conversation
from messaging.inbox import composing, costs, kinds, shown
from messaging.inbox.template_forms import TemplateForm, prefilled
from messaging.inbox.views import conversation_of, conversation_page, thread_context
from messaging.message_templates import choosing, filling
from messaging.message_templates.models import MessageTemplate, TemplateStatus
from messaging.messages import agreeing, answering
from messaging.messages.affording import BudgetUsedUp
from messaging.messages.agreeing import NotAgreed
from messaging.messages.models import Message
from messaging.messages.services import ChannelGone, ContentRefused
from tenants.access import role_required
from tenants.context import current_company
from tenants.lib.ids import new_public_id
from tenants.models import Role
from tenants.request import Request, company_of

PICKER, FORM = "inbox/_templates.html", "inbox/_template_form.html"


@require_safe
@role_required(Role.AGENT)
@vary_on_headers("HX-Request")
def choose(request: Request, public_id: str) -> HttpResponse:
    """The approved templates of the channel's account, in the contact's language first."""
    found = conversation_of(public_id)
    return _shown(request, found, PICKER, _choices(request, found))


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.AGENT)
@vary_on_headers("HX-Request")
def fill(request: Request, public_id: str, template_id: str) -> HttpResponse:
    """One field for each value; sent when all are right."""
    found = conversation_of(public_id)
    template = _template(found, template_id)
    if template.status != TemplateStatus.APPROVED:
        refused = _("The template “%(name)s” was paused or withdrawn just now. Choose another one.")
        context = {**_choices(request, found), "refused": refused % {"name": template.name}}
        return _shown(request, found, PICKER, context, status=409 if request.method == "POST" else 200)
    if request.method != "POST":
        return _shown(request, found, FORM, _form_context(found, template, _begun(found, template)))
    form = _bound(request, found, template)
    if "read_first" in request.POST:
        return _shown(request, found, FORM, _form_context(found, template, form))
    if not form.is_valid():
        return _shown(request, found, FORM, _form_context(found, template, form), status=422)
    return _send(request, found, template, form)


@require_POST
@role_required(Role.AGENT)
def preview(request: Request, public_id: str, template_id: str) -> HttpResponse:
    """What the person will read with the values typed so far."""
    found = conversation_of(public_id)
    template = _template(found, template_id)
    context = _form_context(found, template, _bound(request, found, template))
    return render(request, "inbox/_template_preview.html", context)


def _send(request: Request, found: Conversation, template: MessageTemplate, form: TemplateForm) -> HttpResponse:
    try:
        answering.answer_with_template(
            found,
            template,
            form.values,
            author=request.user,
            seen=form.cleaned_data["seen"],
            client_key=form.cleaned_data["client_key"],
        )
    except answering.Unseen as unseen:
        entries = [shown.quote_of(one, found) for one in unseen.messages]
        data = request.POST.copy()
        # What this page shows: something newer still would be as unseen.
        data["seen"] = unseen.messages[-1].public_id
        kept = TemplateForm(data, template=template, kind=found.channel.kind)
        context = {**_form_context(found, template, kept), "unseen": entries}
        return _shown(request, found, FORM, context, status=409)
    except NotAgreed as refusal:
        context = {**_form_context(found, template, form), "not_agreed": str(refusal)}
        return _shown(request, found, FORM, context, status=422)
    except (BudgetUsedUp, ChannelGone, ContentRefused) as refusal:
        form.add_error(None, str(refusal))
        return _shown(request, found, FORM, _form_context(found, template, form), status=422)
    if not request.htmx:
        return redirect("conversation", public_id=found.public_id)
    answer = render(request, "inbox/_thread.html", thread_context(request, conversation_of(found.public_id)))
    answer["HX-Retarget"], answer["HX-Reswap"] = "#inbox-thread", "innerHTML"
    return answer


# --- What the pages show ----------------------------------------------------------------------------------------------


def _template(found: Conversation, template_id: str) -> MessageTemplate:
    """One of the account this conversation's channel belongs to."""
    ours = MessageTemplate.objects.filter(account_external_id=found.channel.account_external_id)
    return get_object_or_404(ours, public_id=template_id)


def _choices(request: Request, found: Conversation) -> dict[str, Any]:
    words = request.GET.get("q", "").strip()[:100]
    approved = choosing.of_account(found.channel)
    chosen = choosing.choices(approved, words=words, language=found.contact.language)
    fillable = choosing.choices(approved, words="", language=found.contact.language) if words else chosen
    shown_ones = chosen[: choosing.MOST]
    categories = {one.first.category for one in shown_ones}
    prices = costs.of_categories(company_of(request), found, categories)
    refusals = agreeing.words_for(found, categories)
    return {
        "choices": [_choice(one, found, prices, refusals) for one in shown_ones],
        "refusals": sorted({*refusals.values()}),
        "more": len(chosen) - choosing.MOST,
        "words": words,
        "has_any": bool(fillable),
        "channel": found.channel,
    }


def _choice(
    one: choosing.Choice, found: Conversation, prices: Mapping[str, costs.Cost], refusals: Mapping[str, str]
) -> dict[str, Any]:
    first = one.first
    return {
        "name": first.name.replace("_", " "),
        "category": first.category,
        "cost": prices.get(first.category),
        "is_refused": first.category in refusals,
        "text": filling.rendered(first, {}).text,
        "url": _url(found, first),
        "languages": [
            {"url": _url(found, template), "language": template.language, "is_first": template.pk == first.pk}
            for template in one.languages
        ],
    }


def _url(found: Conversation, template: MessageTemplate) -> str:
    return reverse("conversation_template", args=[found.public_id, template.public_id])


def _begun(found: Conversation, template: MessageTemplate) -> TemplateForm:
    hidden = {"client_key": new_public_id(), "seen": _newest(found)}
    initial = {**prefilled(template, found.contact), **hidden}
    return TemplateForm(initial=initial, template=template, kind=found.channel.kind)


def _bound(request: Request, found: Conversation, template: MessageTemplate) -> TemplateForm:
    return TemplateForm(request.POST, template=template, kind=found.channel.kind)


def _newest(found: Conversation) -> str:
    return composing.newest(Message.objects.filter(conversation=found).order_by("-pk")[:1])


def _form_context(found: Conversation, template: MessageTemplate, form: TemplateForm) -> dict[str, Any]:
    rendered = filling.rendered(template, form.values)
    return {
        "conversation": found,
        "template": template,
        "template_name": template.name.replace("_", " "),
        "template_form": form,
        "not_agreed": agreeing.words_for(found, [template.category]).get(template.category, ""),
        "sheet": kinds.sheet(rendered.as_values()),
        "cost": costs.expected(current_company(), found, category=template.category),
    }


def _shown(
    request: Request, found: Conversation, name: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """In the composer's place: alone for htmx, else with the conversation around it."""
    if request.htmx:
        whole = {**context, "conversation": found, "contact": found.contact, "may_write": request.visit is None}
        return render(request, name, whole, status=status)
    page = {**conversation_page(request, found), **context, "place": name}
    return render(request, "inbox/inbox.html", page, status=status)
