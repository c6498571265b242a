"""A new company: ask, prove the e-mail, open."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tenants.forms.sign_up import SignUpForm
from tenants.models import SignUp
from tenants.request import Request
from tenants.services import enter, limits, opening, sign_up as services
from tenants.services.errors import LinkSpent, Refused
from tenants.views.errors import error_page


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_up(request: Request) -> HttpResponse:
    form = SignUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            limits.take((f"sign-up:ip:{request.client_ip}", limits.SIGN_UP_ADDRESS))
            held = services.request_sign_up(form.wish())
            return redirect("sign_up_sent", public_id=held.public_id)
        except Refused as refusal:
            form.add_error(refusal.field or None, str(refusal))
    return render(request, "sign_up/form.html", {"form": form}, status=422 if form.is_bound else 200)


@require_safe
def sent(request: Request, public_id: str) -> HttpResponse:
    """Says where to look next. The page's key is random, so it tells nobody else's e-mail."""
    held = get_object_or_404(SignUp, public_id=public_id)
    return render(request, "sign_up/sent.html", {"sign_up": held})


@require_POST
def send_again(request: Request, public_id: str) -> HttpResponse:
    held = get_object_or_404(SignUp, public_id=public_id, confirmed_at=None)
    try:
        limits.take((f"sign-up:again:{held.email}", limits.RESET_USER))
        services.resend(held)
        messages.success(request, _("We have sent a fresh link. The former one no longer opens."))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("sign_up_sent", public_id=public_id)


@never_cache
@require_http_methods(["GET", "POST"])
def confirm(request: Request, token: str) -> HttpResponse:
    """Opening the link only shows a button: programs that look into mail open links too."""
    try:
        held = services.find(token)
        if request.method == "POST":
            return _open(request, token)
    except LinkSpent as refusal:
        return error_page(
            request, 410, _("This link does not open"), str(refusal), action_url="/sign-in/", action_label=_("Sign in")
        )
    except Refused as refusal:
        return error_page(
            request, 409, _("The address name is gone"), str(refusal), action_url="/sign-up/", action_label=_("Sign up")
        )
    return render(request, "sign_up/confirm.html", {"sign_up": held})


def _open(request: Request, token: str) -> HttpResponse:
    """Open the company and lead its new admin in; a person we knew before signs in with what they have."""
    confirmed = services.confirm(token, ip=request.client_ip)
    company = confirmed.company
    try:
        opening.open_company(company)
    except opening.OpeningFailed:
        # The sweep goes on with it; the company's own address says that it is being opened.
        return HttpResponseRedirect(f"{company.url}/")
    if confirmed.is_new_person:
        return HttpResponseRedirect(enter.make_link(confirmed.user, company))
    return HttpResponseRedirect(f"{company.url}/")
