"""Rate cards: imported from a file, compared, approved by somebody else, published for good."""

from __future__ import annotations

import hashlib
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.markets.csv_rows import CardError
from billing.plans.periods import today
from billing.rating import cards as services
from billing.rating.comparing import compared, in_force
from billing.rating.desk_forms import CardForm
from billing.rating.importing import PLAIN, TIERED, import_card
from billing.rating.models import CardState, RateCard
from billing.rating.rule_words import rules_in_words
from billing.rating.rules import RULES
from billing.views.staff.page import crumbs, desk_page, tab_crumb
from tenants.access import staff_required
from tenants.models import User
from tenants.request import Request

# A file with many wrong lines is wrong in one way; the first ones show it.
PROBLEMS = 50


@require_safe
@staff_required
def cards(request: Request) -> HttpResponse:
    """All cards by channel and currency, newest first, and the rules beside them."""
    day = today(timezone.now())
    held = in_force(day)
    found = RateCard.objects.order_by("channel_kind", "currency", "-valid_from", "-revision", "-pk")[:500]
    groups = [
        {"channel": channel, "currency": currency, "cards": list(of_both), "held": held.get((channel, currency))}
        for (channel, currency), of_both in groupby(found, key=lambda card: (card.channel_kind, card.currency))
    ]
    rules = [{"rules": one, "words": rules_in_words(one), "is_now": one is _now(day)} for one in reversed(RULES)]
    context = {"groups": groups, "rules": rules, "today": day}
    return desk_page(request, "staff/billing/cards.html", "staff_billing_cards", context)


def _now(day: Any) -> Any:
    return next((one for one in reversed(RULES) if one.valid_from <= day), None)


@require_http_methods(["GET", "POST"])
@staff_required
def add(request: Request) -> HttpResponse:
    """A card from a CSV file, or every line that is wrong."""
    form = CardForm(request.POST or None, request.FILES or None)
    problems: list[str] = []
    if request.method == "POST" and form.is_valid():
        asked = dict(form.cleaned_data)
        data = asked.pop("file").read()
        known = _known(data, asked)
        if known is not None:
            messages.info(request, _("This file was imported already: here it is."))
            return redirect("staff_billing_card", public_id=known.public_id)
        try:
            made = import_card(data, **asked, by=request.user)
        except CardError as error:
            problems = error.problems
        else:
            messages.success(request, _("The card is a draft. A colleague approves it."))
            return redirect("staff_billing_card", public_id=made.public_id)
    context = {
        "form": form,
        "problems": problems[:PROBLEMS],
        "more": max(0, len(problems) - PROBLEMS),
        "columns": ",".join(PLAIN),
        "tiered": ",".join(TIERED),
        "crumbs": crumbs(tab_crumb("staff_billing_cards"), ("", _("Import a card"))),
    }
    return desk_page(
        request, "staff/billing/card_add.html", "staff_billing_cards", context, status=422 if form.is_bound else 200
    )


def _known(data: bytes, asked: dict[str, Any]) -> RateCard | None:
    same = {name: asked[name] for name in ("channel_kind", "currency", "valid_from", "label", "is_partial")}
    return RateCard.objects.filter(file_hash=hashlib.sha256(data).hexdigest(), **same).first()


@require_safe
@staff_required
def card(request: Request, public_id: str) -> HttpResponse:
    """Its rates by market, each beside the one before."""
    found = _card(public_id)
    people = User.objects.in_bulk({found.imported_by_id, found.approved_by_id, found.published_by_id} - {None})
    held = in_force(today(timezone.now()))
    context = {
        "card": found,
        "comparison": compared(found),
        "imported_by": people.get(found.imported_by_id or 0),
        "approved_by": people.get(found.approved_by_id or 0),
        "published_by": people.get(found.published_by_id or 0),
        "is_mine": found.imported_by_id == request.user.pk,
        "is_held": held.get((found.channel_kind, found.currency)) == found.pk,
        "today": today(timezone.now()),
        "crumbs": crumbs(tab_crumb("staff_billing_cards"), ("", found.label)),
    }
    return desk_page(request, "staff/billing/card.html", "staff_billing_cards", context)


@require_POST
@staff_required
def approve(request: Request, public_id: str) -> HttpResponse:
    found = _card(public_id)
    try:
        services.approve(found, by=request.user)
    except services.SamePerson:
        messages.error(request, _("Whoever imported a card does not approve it: ask a colleague."))
    except services.WrongState:
        messages.info(request, _("The card was approved already; nothing was changed."))
    else:
        messages.success(request, _("The card is approved. Publishing it is the next step."))
    return redirect("staff_billing_card", public_id=public_id)


@require_http_methods(["GET", "POST"])
@staff_required
def publish(request: Request, public_id: str) -> HttpResponse:
    """The second step, after which a card can never be edited."""
    found = _card(public_id)
    back = reverse("staff_billing_card", args=[public_id])
    if request.method == "POST":
        try:
            services.publish(found, by=request.user, now=timezone.now())
        except services.WrongState:
            messages.info(request, _("The card is not approved, or published already; nothing was changed."))
        except services.SameRevision:
            messages.error(
                request,
                _("A card of this day and revision is published already: import the file again as the next revision."),
            )
        except services.MarketsMoved:
            messages.error(
                request,
                _("A card of a later day has moved these markets already. Publish cards in the order of their days."),
            )
        else:
            messages.success(request, _("The card is published."))
        return redirect(back)
    if found.state != CardState.APPROVED:
        messages.info(request, _("The card is not approved, or published already; nothing was changed."))
        return redirect(back)
    context = {
        "card": found,
        "comparison": compared(found),
        "back": back,
        "crumbs": crumbs(tab_crumb("staff_billing_cards"), (back, found.label), ("", _("Publish"))),
    }
    return desk_page(request, "staff/billing/card_publish.html", "staff_billing_cards", context)


def _card(public_id: str) -> RateCard:
    return get_object_or_404(RateCard, public_id=public_id)
