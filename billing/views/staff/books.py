"""Whether the books agree: numbers and hashes, usage counted three ways, and what is missing to issue."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from billing.invoices import books as checks, seller
from billing.rating.models import UnratedUsage
from billing.rating.problems import Problem
from billing.views.staff.page import desk_page
from tenants.access import staff_required
from tenants.models import Company, DueWork
from tenants.request import Request
from tenants.services import due

UNRATED = 100


@require_safe
@staff_required
def books(request: Request) -> HttpResponse:
    unrated = list(UnratedUsage.objects.order_by("-month", "company_id", "pk")[: UNRATED + 1])
    companies = Company.objects.in_bulk({row.company_id for row in unrated})
    context = {
        "found": checks.last_check(),
        "is_running": DueWork.objects.filter(kind=checks.KIND).exists(),
        "missing": [seller.WORDS[name] for name in seller.missing_seller_facts()],
        "seller": seller.seller_facts(),
        "unrated": [
            {"row": row, "company": companies.get(row.company_id), "words": _problem(row).words()}
            for row in unrated[:UNRATED]
        ],
        "is_cut": len(unrated) > UNRATED,
    }
    return desk_page(request, "staff/billing/books.html", "staff_billing_books", context)


def _problem(row: UnratedUsage) -> Problem:
    return Problem(row.missing, row.day, row.market, row.category, row.currency, row.quantity)


@require_POST
@staff_required
def check(request: Request) -> HttpResponse:
    """Have everything read again; a worker does it."""
    due.announce(checks.KIND)
    messages.success(request, _("The books are being read. What is found stands here in a moment."))
    return redirect("staff_billing_books")
