"""What a person does with an invoice: approve, take back, correct, write off, send."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _, pgettext
from django.views.decorators.http import require_http_methods

from billing.invoices import corrections, finishing, issuing, month as months, profiles, sending
from billing.invoices.forms import CorrectionForm, SendForm
from billing.invoices.models import Invoice, InvoiceKind, MonthClose
from billing.views.staff.page import ask_reason, desk_page, invoice_crumbs, invoice_of_page, name_of, refused
from tenants.access import actor_of, staff_required
from tenants.forms.staff import ReasonForm
from tenants.request import Request
from tenants.services.errors import Refused
from tenants.templatetags.ui import money


def url_of(invoice: Invoice) -> str:
    return reverse("staff_billing_invoice", args=[invoice.public_id])


@require_http_methods(["GET", "POST"])
@staff_required
def approve_correction(request: Request, public_id: str) -> HttpResponse:
    """A correction's draft goes out; invoices are approved with their month."""
    found = invoice_of_page(public_id)
    if found.kind == InvoiceKind.INVOICE:
        raise Http404
    if request.method == "POST":
        if finishing.approve_correction(found, actor=actor_of(request)):
            messages.success(request, _("The correction is approved. It is issued and sent now."))
        else:
            messages.info(request, _("The correction was approved already; nothing was changed."))
        return redirect(url_of(found))
    context = {
        "invoice": found,
        "title": _("Approve the correction"),
        "text": _("It gets its number, corrects %(number)s and is sent. It can never be changed afterwards.")
        % {"number": found.corrects},
        "submit": _("Approve 1 correction"),
        "crumbs": invoice_crumbs(found, ("", _("Approve"))),
        "back": url_of(found),
    }
    return desk_page(request, "staff/billing/confirm.html", "staff_billing_invoices", context)


@require_http_methods(["GET", "POST"])
@staff_required
def withdraw(request: Request, public_id: str) -> HttpResponse:
    found = invoice_of_page(public_id)
    month = MonthClose.objects.filter(invoice=found).first()

    def act(reason: str) -> bool:
        if month is not None:
            return months.withdraw_month(month, actor=actor_of(request), reason=reason)
        return issuing.withdraw_approval(found, actor=actor_of(request), reason=reason)

    return ask_reason(
        request,
        act,
        title=_("Take the approval back"),
        text=_("The draft waits for approval again, unless it is issued meanwhile."),
        submit=_("Take it back"),
        way=invoice_crumbs(found, ("", _("Take the approval back"))),
        back=url_of(found),
        done=_("The approval is taken back."),
        not_done=_("The draft was not approved, or is issued already; nothing was changed."),
        icon="undo-2",
    )


@require_http_methods(["GET", "POST"])
@staff_required
def correct(request: Request, public_id: str) -> HttpResponse:
    """Take back a part of some lines: a draft of its own, to be approved."""
    found = invoice_of_page(public_id)
    if not found.is_issued() or found.kind != InvoiceKind.INVOICE:
        raise Http404
    form = CorrectionForm(request.POST or None, invoice=found, left=corrections.quantities_left(found))
    if request.method == "POST" and form.is_valid():
        try:
            made = corrections.draft_correction(
                found, form.quantities(), reason=form.cleaned_data["reason"], actor=actor_of(request)
            )
        except Refused as refusal:
            refused(form, refusal)
        else:
            messages.success(request, _("The correction is drafted. Look at it, then approve it."))
            return redirect(url_of(made))
    context = {"invoice": found, "form": form, "back": url_of(found)}
    context["crumbs"] = invoice_crumbs(found, ("", _("Correct")))
    status = 422 if form.is_bound else 200
    return desk_page(request, "staff/billing/correct.html", "staff_billing_invoices", context, status=status)


@require_http_methods(["GET", "POST"])
@staff_required
def cancel(request: Request, public_id: str) -> HttpResponse:
    """Take the whole invoice back: a draft of a cancellation invoice, to be approved."""
    found = invoice_of_page(public_id)
    if not found.is_issued() or found.kind != InvoiceKind.INVOICE:
        raise Http404

    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = corrections.draft_cancellation(found, reason=form.cleaned_data["reason"], actor=actor_of(request))
        except Refused as refusal:
            refused(form, refusal)
        else:
            messages.success(request, _("The cancellation is drafted. Look at it, then approve it."))
            return redirect(url_of(made))
    context = {
        "form": form,
        "title": _("Cancel %(number)s") % {"number": found.number},
        "text": _(
            "A cancellation invoice over the whole amount is drafted, for you to look at and approve. Afterwards the "
            "month can be collected again. The reason stands on the document."
        ),
        "submit": _("Draft the cancellation"),
        "crumbs": invoice_crumbs(found, ("", pgettext("an invoice", "Cancel"))),
        "back": url_of(found),
    }
    return desk_page(request, "staff/billing/ask.html", "", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@staff_required
def drop(request: Request, public_id: str) -> HttpResponse:
    """Throw the draft of a correction away."""
    found = invoice_of_page(public_id)
    if found.kind == InvoiceKind.INVOICE or found.corrects is None:
        raise Http404
    if request.method == "POST":
        if corrections.drop_correction(found, actor=actor_of(request)):
            messages.success(request, _("The draft is thrown away."))
        else:
            messages.info(request, _("The correction is issued; nothing was changed."))
        return redirect(url_of(found.corrects))
    context = {
        "invoice": found,
        "title": _("Throw the draft away"),
        "text": _("Nothing of it was sent. %(number)s stays as it is.") % {"number": found.corrects},
        "submit": _("Throw it away"),
        "danger": True,
        "crumbs": invoice_crumbs(found, ("", _("Throw away"))),
        "back": url_of(found),
    }
    return desk_page(request, "staff/billing/confirm.html", "staff_billing_invoices", context)


@require_http_methods(["GET", "POST"])
@staff_required
def write_off(request: Request, public_id: str) -> HttpResponse:
    found = invoice_of_page(public_id)
    if not found.is_issued():
        raise Http404
    return ask_reason(
        request,
        lambda reason: corrections.write_off(found, reason=reason, actor=actor_of(request)),
        title=_("Write off %(number)s") % {"number": found.number},
        text=_("What is still owed is given up: %(amount)s. It is kept as written off, not as paid.")
        % {"amount": money(found.open_amount, found.currency)},
        submit=_("Write it off"),
        way=invoice_crumbs(found, ("", _("Write off"))),
        back=url_of(found),
        done=_("The rest is written off."),
        not_done=_("Nothing is owed any more; nothing was changed."),
        danger=True,
    )


@require_http_methods(["GET", "POST"])
@staff_required
def send(request: Request, public_id: str) -> HttpResponse:
    """Send the document once more, to addresses named here."""
    found = invoice_of_page(public_id)
    if not found.is_issued():
        raise Http404
    start = {"recipients": "\n".join(profiles.recipients_of(found.company))}
    form = SendForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            made = sending.send_invoice(found, actor=actor_of(request), recipients=form.cleaned_data["recipients"])
        except Refused as refusal:
            refused(form, refusal)
        else:
            if made:
                messages.success(request, _("%(name)s is on its way.") % {"name": name_of(found)})
            else:
                messages.info(request, _("It is on its way to these addresses already."))
            return redirect(url_of(found))
    context = {
        "invoice": found,
        "form": form,
        "title": _("Send %(number)s") % {"number": found.number},
        "text": _("The document goes out as it was issued, one mail an address."),
        "submit": _("Send"),
        "icon": "send",
        "crumbs": invoice_crumbs(found, ("", _("Send"))),
        "back": url_of(found),
    }
    return desk_page(request, "staff/billing/ask.html", "", context, status=422 if form.is_bound else 200)
