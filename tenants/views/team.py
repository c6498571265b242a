"""The people of a company."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tenants.access import actor_of, may, role_required
from tenants.forms.company import InviteForm, RoleForm
from tenants.models import Invitation, Membership, Role
from tenants.request import Request, company_of
from tenants.services import members
from tenants.services.errors import Refused


@require_safe
@role_required(Role.AGENT)
def team(request: Request) -> HttpResponse:
    """Who is here; agents see their colleagues, admins also act."""
    company = company_of(request)
    context = {
        "members": Membership.objects.filter(company=company).select_related("user").order_by("user__name", "pk"),
        "invitations": Invitation.objects.waiting().filter(company=company).order_by("-created_at"),
        "may_manage": may(request, Role.ADMIN),
        "now": timezone.now(),
    }
    return render(request, "team/list.html", context)


@require_http_methods(["GET", "POST"])
@role_required(Role.ADMIN)
def invite(request: Request) -> HttpResponse:
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            sent = members.invite_member(company_of(request), actor=actor_of(request), **form.cleaned_data)
            messages.success(request, _("Invitation sent to %(email)s.") % {"email": sent.email})
            return redirect("team")
        except Refused as refusal:
            form.add_error(refusal.field or None, str(refusal))
    return render(request, "team/invite.html", {"form": form}, status=422 if form.is_bound else 200)


@require_POST
@role_required(Role.ADMIN)
def invite_again(request: Request, public_id: str) -> HttpResponse:
    invitation = get_object_or_404(Invitation.objects.waiting(), company=company_of(request), public_id=public_id)
    try:
        members.invite_member(
            invitation.company, email=invitation.email, role=Role(invitation.role), actor=actor_of(request)
        )
        messages.success(request, _("Invitation sent to %(email)s.") % {"email": invitation.email})
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("team")


@require_POST
@role_required(Role.ADMIN)
def withdraw_invitation(request: Request, public_id: str) -> HttpResponse:
    invitation = get_object_or_404(Invitation, company=company_of(request), public_id=public_id)
    if members.withdraw_invitation(invitation, actor=actor_of(request)):
        messages.success(request, _("Invitation to %(email)s withdrawn.") % {"email": invitation.email})
    else:
        messages.info(request, _("This invitation was accepted or withdrawn already."))
    return redirect("team")


@require_http_methods(["GET", "POST"])
@role_required(Role.ADMIN)
def change_role(request: Request, public_id: str) -> HttpResponse:
    membership = _member(request, public_id)
    form = RoleForm(request.POST or None, initial={"role": membership.role})
    if request.method == "POST" and form.is_valid():
        try:
            changed = members.change_role(membership, form.cleaned_data["role"], actor=actor_of(request))
            messages.success(
                request, _("%(name)s is now: %(role)s.") % {"name": changed.user, "role": changed.get_role_display()}
            )
            return redirect("team")
        except Refused as refusal:
            form.add_error("role", str(refusal))
    context = {"form": form, "membership": membership}
    return render(request, "team/role.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@role_required(Role.ADMIN)
def remove(request: Request, public_id: str) -> HttpResponse:
    """Asks first: whoever is removed is signed out at once."""
    membership = _member(request, public_id)
    if request.method == "POST":
        try:
            members.remove_member(membership, actor=actor_of(request))
            messages.success(request, _("%(name)s is no longer a member.") % {"name": membership.user})
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("account_login" if membership.user_id == request.user.pk else "team")
    return render(request, "team/remove.html", {"membership": membership})


def _member(request: Request, public_id: str) -> Membership:
    rows = Membership.objects.select_related("user", "company")
    return get_object_or_404(rows, company=company_of(request), public_id=public_id)
