"""A person's own pages: companies, profile, security, sessions, how pages look."""

from __future__ import annotations

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tenants.access import actor_of, person_required
from tenants.forms.company import ProfileForm
from tenants.models import CompanyState, Invitation, Membership, Session, Theme
from tenants.request import Request
from tenants.services import audit, enter, members
from tenants.services.errors import Refused

A_YEAR = 365 * 24 * 3600


@require_safe
@person_required
def companies(request: Request) -> HttpResponse:
    """On the public host: where I am a member, and who has invited me."""
    memberships = (
        Membership.objects.filter(user=request.user)
        .select_related("company")
        .prefetch_related("company__domains")
        .order_by("company__name", "pk")
    )
    invitations = (
        Invitation.objects.usable(timezone.now())
        .filter(email=request.user.email)
        .select_related("company", "invited_by")
    )
    return render(request, "person/companies.html", {"memberships": memberships, "invitations": invitations})


@require_POST
@person_required
def enter_company(request: Request, public_id: str) -> HttpResponse:
    membership = get_object_or_404(
        Membership.objects.select_related("company"), user=request.user, company__public_id=public_id
    )
    if membership.company.state == CompanyState.SUSPENDED:
        messages.error(request, _("%(company)s is suspended.") % {"company": membership.company})
        return redirect("companies")
    return _to_company(request, membership)


@require_POST
@person_required
def accept_invitation(request: Request, public_id: str) -> HttpResponse:
    invitation = get_object_or_404(
        Invitation.objects.select_related("company"), public_id=public_id, email=request.user.email
    )
    try:
        membership = members.accept_invitation(invitation, user=request.user, ip=request.client_ip)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("companies")
    return _to_company(request, membership)


def _to_company(request: Request, membership: Membership) -> HttpResponse:
    proofs = get_authentication_records(request, request.user)
    return HttpResponseRedirect(enter.make_link(request.user, membership.company, authentication=proofs))


@require_http_methods(["GET", "POST"])
@person_required
def profile(request: Request) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("profile")
    return render(request, "person/profile.html", {"form": form}, status=422 if form.is_bound else 200)


@require_safe
@person_required
def security(request: Request) -> HttpResponse:
    """Password, second factor, and every place where one is signed in."""
    factors = {factor.type: factor for factor in Authenticator.objects.filter(user=request.user)}
    sessions = (
        Session.objects.filter(user=request.user, expire_date__gt=timezone.now())
        .select_related("company")
        .order_by("-last_seen_at", "-pk")[:50]
    )
    codes = factors.get(Authenticator.Type.RECOVERY_CODES)
    context = {
        "totp": factors.get(Authenticator.Type.TOTP),
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else 0,
        "sessions": sessions,
        "this_session": request.session.session_key,
    }
    return render(request, "person/security.html", context)


@require_POST
@person_required
def end_session(request: Request, public_id: str) -> HttpResponse:
    """Sign out somewhere else."""
    session = get_object_or_404(Session, public_id=public_id, user=request.user)
    session.delete()
    audit.record(actor_of(request), "session.ended", target=request.user.email)
    messages.success(request, _("Signed out there."))
    return redirect("security")


@require_POST
@person_required
def end_other_sessions(request: Request) -> HttpResponse:
    others = Session.objects.filter(user=request.user).exclude(session_key=request.session.session_key)
    count = others.aggregate(count=Count("pk"))["count"]
    others.delete()
    audit.record(actor_of(request), "session.others_ended", target=request.user.email, after={"count": count})
    messages.success(request, _("Signed out everywhere else."))
    return redirect("security")


@require_POST
def preferences(request: Request) -> HttpResponse:
    """Language and appearance, for whoever looks: in the person's row, or in a cookie."""
    language, theme = request.POST.get("language", ""), request.POST.get("theme", "")
    wished_next = request.POST.get("next", "/")
    safe = url_has_allowed_host_and_scheme(wished_next, allowed_hosts={request.get_host()})
    answer = HttpResponseRedirect(wished_next if safe else "/")
    if language in dict(settings.LANGUAGES):
        _keep(request, answer, "language", settings.LANGUAGE_COOKIE_NAME, language)
    if theme in Theme.values:
        _keep(request, answer, "theme", "theme", theme)
    return answer


def _keep(request: Request, answer: HttpResponse, field: str, cookie: str, value: str) -> None:
    if request.user.is_authenticated:
        setattr(request.user, field, value)
        request.user.save(update_fields=[field])
    answer.set_cookie(cookie, value, max_age=A_YEAR, secure=settings.SECURE, httponly=True, samesite="Lax")


@require_safe
def sign_up_elsewhere(request: Request) -> HttpResponse:
    """allauth's name for signing up: companies do that on the public site."""
    return HttpResponseRedirect(
        f"{settings.SCHEME}://{settings.BASE_HOST}{reverse('sign_up', urlconf=settings.PUBLIC_URLCONF)}"
    )
