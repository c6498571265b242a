"""A company's start page and its settings."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tenants.access import actor_of, may, person_required, role_required
from tenants.forms.company import AddressNameForm, CompanyDetailsForm
from tenants.lib.paging import page_by_key
from tenants.models import AuditEntry, Company, Role, StaffVisit
from tenants.request import Request, company_of
from tenants.services import checklist, companies, visits
from tenants.services.errors import Refused
from tenants.views.errors import error_page


@require_safe
@role_required(Role.AGENT)
def home(request: Request) -> HttpResponse:
    """The set-up guide for admins; what is new for everybody."""
    steps = checklist.state_of(company_of(request), request.user) if may(request, Role.ADMIN) else []
    context = {
        "steps": steps,
        "steps_done": sum(state.done for state in steps),
        "next_step": next((state for state in steps if not state.done), None),
    }
    return render(request, "company/home.html", context)


@require_http_methods(["GET", "POST"])
@role_required(Role.ADMIN)
def details(request: Request) -> HttpResponse:
    company = Company.objects.get(pk=company_of(request).pk)
    form = CompanyDetailsForm(request.POST) if request.method == "POST" else CompanyDetailsForm.of(company)
    if form.is_bound and form.is_valid():
        companies.change_details(company, actor=actor_of(request), **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("company_settings")
    return render(request, "company/settings.html", {"form": form}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@role_required(Role.ADMIN)
def address(request: Request) -> HttpResponse:
    company = company_of(request)
    form = AddressNameForm(request.POST or None, initial={"address_name": company.address_name})
    if request.method == "POST" and form.is_valid():
        try:
            companies.change_address_name(company, form.cleaned_data["address_name"], actor=actor_of(request))
        except Refused as refusal:
            form.add_error("address_name", str(refusal))
        else:
            # Cookies belong to one host: at the new address everybody signs in once more.
            renamed = Company.objects.get(pk=company.pk)
            return HttpResponseRedirect(f"{renamed.url}{reverse('company_settings')}")
    return render(request, "company/address.html", {"form": form}, status=422 if form.is_bound else 200)


@require_safe
@role_required(Role.ADMIN)
def visits_page(request: Request) -> HttpResponse:
    """When staff of the operator were here, and why."""
    rows = StaffVisit.objects.filter(company=company_of(request)).select_related("staff")
    page = page_by_key(
        rows, ("-started_at", "-pk"), before=request.GET.get("before", ""), after=request.GET.get("after", "")
    )
    return render(request, "company/visits.html", {"page": page})


@require_safe
@role_required(Role.ADMIN)
def audit_log(request: Request) -> HttpResponse:
    rows = AuditEntry.objects.filter(company_id=company_of(request).pk)
    page = page_by_key(rows, ("-pk",), before=request.GET.get("before", ""), after=request.GET.get("after", ""))
    return render(request, "company/audit.html", {"page": page})


@require_POST
@person_required
def end_visit(request: Request) -> HttpResponse:
    """The visitor leaves; there is nothing to end for anybody else."""
    if request.visit is None:
        return error_page(request, 404, _("There is nothing here"), _("You are not on a visit."))
    company = request.visit.company
    visit = get_object_or_404(StaffVisit, pk=request.visit.pk)
    visits.end_visit(visit, actor=actor_of(request))
    request.session.flush()
    return HttpResponseRedirect(_staff_page(company))


def _staff_page(company: Company) -> str:
    path = reverse("staff_company", args=[company.public_id], urlconf=settings.PUBLIC_URLCONF)
    return f"{settings.SCHEME}://{settings.BASE_HOST}{path}"
