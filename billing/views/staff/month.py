"""A month and its companies on their way to sent invoices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.invoices import desk, month as months
from billing.invoices.forms import month_in
from billing.invoices.models import MonthClose, Step
from billing.invoices.month_words import words_of
from billing.views.staff.page import ask_reason, crumbs, desk_page, tab_crumb
from billing.views.staff.remedies import troubles_of
from tenants.access import actor_of, staff_required
from tenants.lib.paging import page_by_key
from tenants.request import Request

# As many as a confirmation can show at a glance, and a request can approve.
MOST_AT_ONCE = 500


@require_safe
@staff_required
def month(request: Request) -> HttpResponse:
    """The companies of a month by step; the newest month first."""
    now = timezone.now()
    known, last = desk.months_known(), months.last_month(now)
    asked = month_in(request.GET.get("month", ""))
    first = asked if asked in known else (known[0] if known else None)
    context: dict[str, Any] = {"known": known, "first": first, "now": now}
    context["to_begin"] = None if last.first in known else last.first
    if first is not None:
        context |= _companies(request, first, now)
    return desk_page(request, "staff/billing/month.html", "staff_billing", context)


def _companies(request: Request, first: Any, now: Any) -> dict[str, Any]:
    step, words = request.GET.get("step", ""), request.GET.get("q", "").strip()[:100]
    step = step if step in Step.values else ""
    is_waiting = "waiting" in request.GET
    sums = desk.step_sums(first)
    page = page_by_key(
        desk.companies_of(first, step=step, words=words, is_waiting=is_waiting),
        ("name", "pk"),
        before=request.GET.get("before", ""),
        after=request.GET.get("after", ""),
    )
    rows = [_shown(row, now) for row in desk.month_rows(first, page.rows)]
    return {
        "page": page,
        "rows": rows,
        "step": step,
        "words": words,
        "is_waiting": is_waiting,
        "sums": sums,
        "waiting": sum(one.waiting for one in sums),
        "companies": sum(one.companies for one in sums),
        "net": desk.total_net(sums),
        "may_approve": any(row["row"].may_be_approved for row in rows),
    }


def _shown(row: desk.MonthRow, now: Any) -> dict[str, Any]:
    return {
        "row": row,
        "month": row.month,
        "troubles": troubles_of(row.month),
        "notes": [words_of(note) for note in row.month.notes],
        "starts_later": row.starts_later(now),
    }


@require_POST
@staff_required
def begin(request: Request) -> HttpResponse:
    """Open last month now, without waiting for the hour."""
    now = timezone.now()
    period = months.last_month(now)
    begun = months.begin_months(period, now=now)
    if begun:
        said = ngettext("%(count)s company is begun.", "%(count)s companies are begun.", begun)
        messages.success(request, said % {"count": begun})
    else:
        messages.info(request, _("This month was begun already."))
    return redirect(f"{reverse('staff_billing')}?month={period.first:%Y-%m}")


@require_POST
@staff_required
def again(request: Request, pk: int) -> HttpResponse:
    """Try a waiting step now."""
    found = _month(pk)
    if found.step in {Step.APPROVE, Step.DONE}:
        messages.info(request, _("There is nothing to try: this month waits for nothing."))
    else:
        months.try_again(found)
        messages.success(request, _("%(company)s is tried again now.") % {"company": found.company})
    return redirect(_url_of(found))


@require_http_methods(["GET", "POST"])
@staff_required
def collect(request: Request, pk: int) -> HttpResponse:
    """Throw a draft's lines away and collect the month anew, with a reason."""
    found = _month(pk)
    return ask_reason(
        request,
        lambda reason: months.collect_again(found, actor=actor_of(request), reason=reason),
        title=_("Collect %(company)s again") % {"company": found.company},
        text=_("The charges go back and are collected anew; an approval is taken back. An issued invoice stays."),
        submit=_("Collect again"),
        way=crumbs(tab_crumb("staff_billing"), ("", _("Collect again"))),
        back=_url_of(found),
        done=_("%(company)s is collected again.") % {"company": found.company},
        not_done=_("The invoice of this month is issued; nothing was changed."),
        icon="rotate-ccw",
    )


@require_http_methods(["GET", "POST"])
@staff_required
def approve(request: Request) -> HttpResponse:
    """Show what is about to be approved, with its sum; approve it when that is still what it comes to."""
    asked = request.POST if request.method == "POST" else request.GET
    chosen = [int(text) for text in asked.getlist("month") if text.isascii() and text.isdigit() and len(text) < 16]
    if not chosen or len(chosen) > MOST_AT_ONCE:
        raise Http404
    found = (
        MonthClose.objects.filter(pk__in=chosen).select_related("company", "invoice").order_by("company__name", "pk")
    )
    ready = [one for one in found if one.step == Step.APPROVE and one.invoice and one.invoice.state == "draft"]
    sums = _sums(ready)
    back = _url_of(found[0]) if found else reverse("staff_billing")
    if request.method == "POST" and not ready:
        messages.info(request, _("Nothing waits for approval any more."))
        return redirect(back)
    if request.method == "POST" and request.POST.get("seen") == _seen(ready):
        count = months.approve_months(ready, actor=actor_of(request))
        said = ngettext(
            "%(count)s invoice is approved. It is issued and sent now.",
            "%(count)s invoices are approved. They are issued and sent now.",
            count,
        )
        messages.success(request, said % {"count": count})
        return redirect(back)
    context = {
        "ready": ready,
        "left_out": len(set(chosen)) - len(ready),
        "sums": sums,
        "seen": _seen(ready),
        "back": back,
        "has_changed": request.method == "POST",
        "crumbs": crumbs(tab_crumb("staff_billing"), ("", _("Approve"))),
    }
    status = 409 if request.method == "POST" else 200
    return desk_page(request, "staff/billing/approve.html", "staff_billing", context, status=status)


def _sums(ready: list[MonthClose]) -> dict[str, dict[str, Decimal]]:
    """Net, VAT and total by currency."""
    found: dict[str, dict[str, Decimal]] = {}
    for one in ready:
        invoice = one.invoice
        if invoice is None:
            continue
        sums = found.setdefault(invoice.currency, dict.fromkeys(("net", "tax", "total"), Decimal("0.00")))
        sums["net"] += invoice.tax_exclusive_amount
        sums["tax"] += invoice.tax_amount
        sums["total"] += invoice.tax_inclusive_amount
    return found


def _seen(ready: list[MonthClose]) -> str:
    """What the page shows, so that nothing else is approved by it."""
    return " ".join(f"{one.pk}:{one.invoice.tax_inclusive_amount}" for one in ready if one.invoice)


def _month(pk: int) -> MonthClose:
    return get_object_or_404(MonthClose.objects.select_related("company", "invoice"), pk=pk)


def _url_of(found: MonthClose) -> str:
    return f"{reverse('staff_billing')}?month={found.first:%Y-%m}"
