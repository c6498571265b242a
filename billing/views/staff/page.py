"""What the pages of the desk have in common: their tabs, the way back, and a question with a reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy

from billing.invoices.models import Invoice
from tenants.forms.staff import ReasonForm
from tenants.models import Company
from tenants.request import Request
from tenants.services.errors import Refused

TABS = (
    ("staff_billing", gettext_lazy("Month")),
    ("staff_billing_invoices", gettext_lazy("Invoices")),
    ("staff_billing_owing", gettext_lazy("Who owes what")),
    ("staff_billing_payments", gettext_lazy("Payments")),
    ("staff_billing_cards", gettext_lazy("Rate cards")),
    ("staff_billing_prices", gettext_lazy("Price lists")),
    ("staff_billing_exchange", gettext_lazy("Exchange rates")),
    ("staff_billing_books", gettext_lazy("Books")),
)
Crumb = tuple[str, Any]


def desk_page(request: Request, template: str, tab: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    tabs = [{"url": reverse(name), "label": label, "current": name == tab} for name, label in TABS if tab]
    return render(request, template, {**context, "tabs": tabs}, status=status)


def crumbs(*way: Crumb) -> list[dict[str, Any]]:
    """From the desk to here; the last has no address."""
    return [{"url": url, "label": label} for url, label in way]


def tab_crumb(name: str) -> Crumb:
    return reverse(name), dict(TABS)[name]


def company_of_page(public_id: str) -> Company:
    return get_object_or_404(Company.objects.with_address(), public_id=public_id)


def invoice_of_page(public_id: str) -> Invoice:
    return get_object_or_404(Invoice.objects.select_related("company", "corrects", "document"), public_id=public_id)


def invoice_crumbs(invoice: Invoice, *more: Crumb) -> list[dict[str, Any]]:
    url = reverse("staff_billing_invoice", args=[invoice.public_id])
    own: Crumb = (url if more else "", name_of(invoice))
    return crumbs(tab_crumb("staff_billing_invoices"), own, *more)


def name_of(invoice: Invoice) -> str:
    """Its number, or what it is while it has none."""
    return invoice.number or _("Draft for %(company)s") % {"company": invoice.company.name}


def refused(form: Any, refusal: Refused) -> None:
    """A service's refusal as an error of the form, beside the field it names."""
    form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))


def ask(
    request: Request,
    form: Any,
    act: Callable[[Mapping[str, Any]], str],
    *,
    title: str,
    text: str,
    submit: str,
    way: Sequence[dict[str, Any]],
    back: str,
    danger: bool = False,
    icon: str = "",
) -> HttpResponse:
    """A page with one form. `act` takes what was asked, says what it did and names the next page; what it refuses
    stands at its field."""
    if request.method == "POST" and form.is_valid():
        try:
            return HttpResponseRedirect(act(form.cleaned_data))
        except Refused as refusal:
            refused(form, refusal)
    context = {"form": form, "title": title, "text": text, "submit": submit, "crumbs": way, "back": back}
    context |= {"danger": danger, "icon": icon}
    return render(request, "staff/billing/ask.html", context, status=422 if form.is_bound else 200)


def ask_reason(
    request: Request,
    act: Callable[[str], bool],
    *,
    title: str,
    text: str,
    submit: str,
    way: Sequence[dict[str, Any]],
    back: str,
    done: str,
    not_done: str,
    danger: bool = False,
    icon: str = "",
) -> HttpResponse:
    """A page that asks why, then does it; says so when there was nothing to do any more."""

    def answer(asked: Mapping[str, Any]) -> str:
        changed = act(asked["reason"])
        (messages.success if changed else messages.info)(request, done if changed else not_done)
        return back

    form = ReasonForm(request.POST or None)
    return ask(
        request, form, answer, title=title, text=text, submit=submit, way=way, back=back, danger=danger, icon=icon
    )
