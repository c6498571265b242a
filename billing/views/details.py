"""Who a company's invoices are for, and who gets them."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages as toasts
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from billing.invoices.profiles import change_profile, profile_of, recipients_of
from billing.views.forms import OF_COMPANY, PROFILE, DetailsForm
from tenants.access import actor_of, role_required
from tenants.models import Company, Role
from tenants.request import Request, company_of
from tenants.services import companies


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.ADMIN)
def details(request: Request) -> HttpResponse:
    company = Company.objects.get(pk=company_of(request).pk)
    initial = DetailsForm.initial_of(company, profile_of(company))
    form = DetailsForm(
        request.POST if request.method == "POST" else None, initial=initial, languages=list(settings.LANGUAGES)
    )
    if form.is_bound and form.is_valid():
        _save(request, company, form)
        toasts.success(request, _("Saved. The next invoice says so; issued ones stay as they are."))
        return redirect("billing_details")
    context = {"form": form, "company": company, "recipients": recipients_of(company)}
    return render(request, "billing/details.html", context, status=422 if form.is_bound else 200)


@transaction.atomic
def _save(request: Request, company: Company, form: DetailsForm) -> None:
    said, actor = form.cleaned_data, actor_of(request)
    change_profile(company, actor=actor, **{name: said[name] for name in PROFILE})
    companies.change_details(company, actor=actor, **{name: said[name] for name in OF_COMPANY})
