"""The operator's console: all companies, each with its people, visits and log, and how the system is."""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.internal.flows.login import get_authentication_records
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tenants.access import actor_of, staff_required
from tenants.forms.staff import CompanySearchForm, ReasonForm, VisitForm
from tenants.lib.paging import page_by_key
from tenants.models import (
    AuditEntry,
    Company,
    CompanyState,
    Mail,
    MailState,
    Membership,
    ParkedTask,
    SchemaMigrationResult,
    StaffVisit,
)
from tenants.request import Request
from tenants.services import companies as services, due, enter, opening, visits
from tenants.services.errors import Refused
from tenants.views.health import findings


@require_safe
@staff_required
def companies(request: Request) -> HttpResponse:
    """All companies, newest first, found by words and state."""
    form = CompanySearchForm(request.GET)
    form.is_valid()
    words, state = form.cleaned_data.get("q", ""), form.cleaned_data.get("state", "")
    rows = Company.objects.with_address().annotate(member_count=Count("memberships"))
    rows = rows.found_by(words) if words else rows
    rows = rows.filter(state=state) if state else rows
    page = page_by_key(
        rows, ("-created_at", "-pk"), before=request.GET.get("before", ""), after=request.GET.get("after", "")
    )
    counts = Company.objects.aggregate(
        all=Count("pk"), **{value: Count("pk", filter=Q(state=value)) for value in CompanyState.values}
    )
    filters = [
        {"state": value, "label": label, "count": counts[value or "all"]}
        for value, label in [("", _("All")), *CompanyState.choices]
    ]
    context = {"page": page, "words": words, "state": state, "filters": filters}
    return render(request, "staff/companies.html", context)


@require_safe
@staff_required
def company(request: Request, public_id: str) -> HttpResponse:
    found = get_object_or_404(Company.objects.with_address(), public_id=public_id)
    context = {
        "company": found,
        "members": Membership.objects.filter(company=found).select_related("user").order_by("user__name")[:100],
        "visits": StaffVisit.objects.filter(company=found).select_related("staff").order_by("-started_at")[:10],
        "entries": AuditEntry.objects.filter(company_id=found.pk).order_by("-pk")[:20],
        "migration": SchemaMigrationResult.objects.filter(company=found).first(),
        "now": timezone.now(),
    }
    return render(request, "staff/company.html", context)


@require_http_methods(["GET", "POST"])
@staff_required
def suspend(request: Request, public_id: str) -> HttpResponse:
    return _move(
        request,
        public_id,
        services.suspend_company,
        "staff/suspend.html",
        done=_("%(company)s is suspended."),
        not_done=_("%(company)s was not active; nothing was changed."),
    )


@require_http_methods(["GET", "POST"])
@staff_required
def lift(request: Request, public_id: str) -> HttpResponse:
    return _move(
        request,
        public_id,
        services.lift_suspension,
        "staff/lift.html",
        done=_("%(company)s is open again."),
        not_done=_("%(company)s was not suspended; nothing was changed."),
    )


def _move(
    request: Request, public_id: str, move: Callable[..., bool], template: str, *, done: str, not_done: str
) -> HttpResponse:
    """Ask for a reason, then move the company; says so when somebody was first."""
    found = get_object_or_404(Company.objects.with_address(), public_id=public_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if move(found, reason=form.cleaned_data["reason"], actor=actor_of(request)):
            messages.success(request, done % {"company": found})
        else:
            messages.info(request, not_done % {"company": found})
        return redirect("staff_company", public_id=public_id)
    context = {"company": found, "form": form}
    return render(request, template, context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@staff_required
def visit(request: Request, public_id: str) -> HttpResponse:
    """Enter a company: a reason and a time first, then a ticket to its host."""
    found = get_object_or_404(Company.objects.with_address(), public_id=public_id)
    form = VisitForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            begun = visits.begin_visit(found, actor=actor_of(request), **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            proofs = get_authentication_records(request, request.user)
            return HttpResponseRedirect(enter.make_link(request.user, found, visit=begun, authentication=proofs))
    context = {"company": found, "form": form}
    return render(request, "staff/visit.html", context, status=422 if form.is_bound else 200)


@require_POST
@staff_required
def end_visit(request: Request, public_id: str) -> HttpResponse:
    found = get_object_or_404(StaffVisit.objects.select_related("company", "staff"), public_id=public_id)
    if visits.end_visit(found, actor=actor_of(request)):
        messages.success(request, _("The visit is ended."))
    return redirect("staff_company", public_id=found.company.public_id)


@require_POST
@staff_required
def open_again(request: Request, public_id: str) -> HttpResponse:
    """Try once more to open a company whose opening has failed."""
    found = get_object_or_404(Company, public_id=public_id, state=CompanyState.OPENING)
    Company.objects.filter(pk=found.pk).update(opening_attempts=0)
    due.announce(opening.KIND, found)
    messages.success(request, _("Opening goes on in the background."))
    return redirect("staff_company", public_id=public_id)


@require_safe
@staff_required
def audit_log(request: Request) -> HttpResponse:
    page = page_by_key(
        AuditEntry.objects.all(), ("-pk",), before=request.GET.get("before", ""), after=request.GET.get("after", "")
    )
    return render(request, "staff/audit.html", {"page": page})


@require_safe
@staff_required
def system(request: Request) -> HttpResponse:
    """How everything behind the pages is, and what waits for a person."""
    context = {
        "findings": findings(),
        "parked": ParkedTask.objects.order_by("-parked_at")[:50],
        "failed_mail": Mail.objects.filter(state=MailState.FAILED).order_by("-created_at")[:50],
        "failed_migrations": SchemaMigrationResult.objects.exclude(error="").select_related("company")[:50],
        "stuck_openings": Company.objects.filter(state=CompanyState.OPENING).exclude(opening_error="")[:50],
    }
    return render(request, "staff/system.html", context)


@require_POST
@staff_required
def dismiss_parked(request: Request, pk: int) -> HttpResponse:
    ParkedTask.objects.filter(pk=pk).delete()
    return redirect("staff_system")


@require_POST
@staff_required
def send_mail_again(request: Request, pk: int) -> HttpResponse:
    changed = Mail.objects.filter(pk=pk, state=MailState.FAILED).update(
        state=MailState.QUEUED, attempts=0, due_at=timezone.now(), error=""
    )
    if changed:
        due.announce("send_mail")
        messages.success(request, _("The mail is being sent again."))
    return redirect("staff_system")
