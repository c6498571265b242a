"""Ways into a company's space other than the password: a ticket from another host of ours, an invitation."""

from __future__ import annotations

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from tenants.access import actor_of
from tenants.forms.sign_up import JoinForm
from tenants.models import EnterLink, Invitation, User
from tenants.request import Request, company_of
from tenants.services import audit, enter as services, members
from tenants.services.errors import LinkSpent, Refused
from tenants.views.errors import error_page

BACKEND = "tenants.sign_in.EmailBackend"


@never_cache
@require_safe
def enter(request: Request, token: str) -> HttpResponse:
    """Spend a ticket and sign its person in here."""
    try:
        ticket = services.use_link(company_of(request), token)
    except LinkSpent as refusal:
        messages.info(request, str(refusal))
        return redirect("home" if request.user.is_authenticated else "account_login")
    _sign_in(request, ticket)
    return redirect("home")


def _sign_in(request: Request, ticket: EnterLink) -> None:
    request.session.flush()
    login(request, ticket.user, backend=BACKEND)
    request.session[AUTHENTICATION_METHODS_SESSION_KEY] = ticket.authentication
    request.session["account_authentication_methods_user"] = str(ticket.user.pk)
    if ticket.visit is not None:
        request.session["visit"] = ticket.visit.pk
    else:
        audit.record(actor_of(request), "person.signed_in", company=company_of(request), target=ticket.user.email)


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def invitation(request: Request, token: str) -> HttpResponse:
    """Accept an invitation: whoever has a sign-in signs in first, everybody else makes one here."""
    try:
        found = members.find_invitation(company_of(request), token)
        if User.objects.filter(email=found.email).exists():
            return _accept_as_known(request, found)
        return _accept_as_new(request, found)
    except (LinkSpent, Refused) as refusal:
        return error_page(
            request,
            410,
            _("This invitation does not open"),
            str(refusal),
            action_url="/sign-in/",
            action_label=_("Sign in"),
        )


def _accept_as_new(request: Request, found: Invitation) -> HttpResponse:
    form = JoinForm(request.POST or None, email=found.email)
    if request.method == "POST" and form.is_valid():
        user = members.join_as_new_person(
            found,
            name=form.cleaned_data["name"],
            password=form.cleaned_data["password"],
            language=get_language() or "en",
            ip=request.client_ip,
        )
        request.session.flush()
        login(request, user, backend=BACKEND)
        return redirect("home")
    context = {"invitation": found, "form": form}
    return render(request, "sign_up/join.html", context, status=422 if form.is_bound else 200)


def _accept_as_known(request: Request, found: Invitation) -> HttpResponse:
    """Their password and second factor are asked on the public host, where the invitation then waits for them."""
    return render(
        request,
        "sign_up/join_known.html",
        {"invitation": found, "companies_url": f"{settings.SCHEME}://{settings.BASE_HOST}/companies/"},
    )
