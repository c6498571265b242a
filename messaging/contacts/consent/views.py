"""What a colleague records of somebody's consent."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from messaging.contacts.consent import by_hand
from messaging.contacts.consent.by_hand import StaysStopped
from messaging.contacts.consent.forms import AgreementForm, RefusalForm
from messaging.contacts.models import Contact
from tenants.access import role_required
from tenants.models import Role
from tenants.request import Request


@require_http_methods(["GET", "POST"])
@role_required(Role.AGENT)
def agreed(request: Request, public_id: str) -> HttpResponse:
    """Record that they agreed."""
    contact = get_object_or_404(Contact, public_id=public_id)
    form = AgreementForm(request.POST or None, initial={**request.GET.dict(), "on": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        try:
            by_hand.record_agreement(contact, author=request.user, **form.cleaned_data)
            messages.success(request, _("Recorded."))
            return redirect("contact", public_id=public_id)
        except StaysStopped as refused:
            form.add_error(None, str(refused))
    context = {"contact": contact, "form": form}
    return render(request, "contacts/agreed.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@role_required(Role.AGENT)
def refused(request: Request, public_id: str) -> HttpResponse:
    """Record that they do not want it."""
    contact = get_object_or_404(Contact, public_id=public_id)
    form = RefusalForm(request.POST or None, initial=request.GET.dict())
    if request.method == "POST" and form.is_valid():
        by_hand.record_refusal(contact, author=request.user, **form.cleaned_data)
        messages.success(request, _("Recorded. What waited to be sent is taken back."))
        return redirect("contact", public_id=public_id)
    context = {"contact": contact, "form": form}
    return render(request, "contacts/refused.html", context, status=422 if form.is_bound else 200)
