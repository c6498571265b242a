"""The page of a customer's own choices. Its address is the right to it: nobody signs in."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from messaging.contacts.consent import preferences
from messaging.contacts.consent.forms import PreferencesForm
from messaging.contacts.consent.preferences import MEANING
from messaging.contacts.models import Contact
from tenants.request import Request, company_of
from tenants.services import limits
from tenants.services.errors import TooManyAttempts
from tenants.services.limits import Limit

OF_A_PERSON = Limit(20, timedelta(minutes=10))
FROM_AN_ADDRESS = Limit(200, timedelta(minutes=10))


# No cookie gives a right here, so there is none to steal; the browsers inside apps often keep no cookies at all.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def preferences_page(request: Request, token: str) -> HttpResponse:
    """What somebody gets, in their language; only pressing the button changes something."""
    contact = preferences.contact_behind(token, company_of(request).schema_name)
    if contact is None:
        return _private(render(request, "contacts/preferences_unknown.html", status=404))
    with translation.override(contact.language):
        answer = _answer(request, contact)
    answer.headers["Content-Language"] = contact.language
    return _private(answer)


def _answer(request: Request, contact: Contact) -> HttpResponse:
    choices = preferences.choices_of(contact)
    form = PreferencesForm(request.POST if request.method == "POST" else None, choices=choices)
    problem, status = "", 200
    if request.method == "POST":
        try:
            _count(request, contact)
            if form.is_valid():
                preferences.choose(contact, form.wishes())
                # Said by the address, since there may be no cookie to say it with.
                return redirect(f"{request.path}?saved=1")
            status = 422
        except TooManyAttempts as refused:
            problem, status = str(refused), 429
    context = {
        "contact": contact,
        "form": form,
        "questions": [(form[choice.purpose], MEANING[choice.purpose], choice) for choice in choices],
        "saved": "saved" in request.GET and request.method != "POST",
        "problem": problem,
    }
    return render(request, "contacts/preferences.html", context, status=status)


def _count(request: Request, contact: Contact) -> None:
    company = company_of(request)
    limits.take(
        (f"preferences:{company.pk}:{contact.pk}", OF_A_PERSON),
        (f"preferences:{company.pk}:{request.client_ip}", FROM_AN_ADDRESS),
    )


def _private(answer: HttpResponse) -> HttpResponse:
    """The address is a secret of the person's: no search engine, no cache and no next page may learn it."""
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
