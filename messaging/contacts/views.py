"""The company's contacts: list, look, add, change, block, remove."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from messaging.channels.models import ChannelKind
from messaging.contacts import services
from messaging.contacts.consent import preferences
from messaging.contacts.consent.shown import consent_of
from messaging.contacts.filters import Filters
from messaging.contacts.forms import ContactForm
from messaging.contacts.models import Attribute, Contact, ContactList, Label
from messaging.contacts.places import tabs
from messaging.contacts.shown import attributes_of, groups_of
from tenants.access import may, role_required
from tenants.lib.paging import page_by_key
from tenants.models import Role
from tenants.request import Request, company_of


@require_safe
@role_required(Role.AGENT)
def contacts(request: Request) -> HttpResponse:
    filters = Filters.of(request.GET.dict())
    before, after = request.GET.get("before", ""), request.GET.get("after", "")
    page = page_by_key(filters.rows(), ("name", "pk"), before=before, after=after)
    template = "contacts/_table.html" if request.htmx and not request.htmx.boosted else "contacts/list.html"
    context = {
        "page": page,
        "words": filters.words,
        "filters": filters,
        "chips": filters.chips(reverse("contacts")),
        "tabs": tabs(request),
    }
    return render(request, template, context)


@require_safe
@role_required(Role.AGENT)
def contact(request: Request, public_id: str) -> HttpResponse:
    """Who it is, what one may write to them, and what they decided."""
    found = get_object_or_404(Contact.objects.for_page(), public_id=public_id)
    is_admin = may(request, Role.ADMIN)
    before, after = request.GET.get("before", ""), request.GET.get("after", "")
    consent = consent_of(found, before=before, after=after, sees_imports=is_admin)
    token = preferences.token_of(found, company_of(request).schema_name)
    context = {
        "contact": found,
        **consent,
        "attributes": attributes_of(found),
        "labels": groups_of(found.labels.all(), Label.objects.order_by("name", "pk")),
        "lists": groups_of(found.lists.all(), ContactList.objects.order_by("name", "pk")),
        "preferences_url": company_of(request).url + reverse("contact_preferences", args=[token]),
        "may_remove": is_admin,
    }
    return render(request, "contacts/contact.html", context)


@require_http_methods(["GET", "POST"])
@role_required(Role.AGENT)
def add(request: Request) -> HttpResponse:
    form = ContactForm(
        request.POST or None, country=company_of(request).country, attributes=Attribute.objects.order_by("name", "pk")
    )
    if request.method == "POST" and form.is_valid():
        try:
            added = services.add(**form.cleaned_data)
            messages.success(request, _("%(name)s was added.") % {"name": added.name})
            return redirect("contact", public_id=added.public_id)
        except services.AddressTaken as taken:
            form.add_error("phone_number", str(taken))
    return render(request, "contacts/form.html", {"form": form}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@role_required(Role.AGENT)
def edit(request: Request, public_id: str) -> HttpResponse:
    found = get_object_or_404(Contact.objects.for_list(), public_id=public_id)
    form = ContactForm(
        request.POST or None,
        instance=found,
        country=company_of(request).country,
        attributes=Attribute.objects.order_by("name", "pk"),
        initial={"phone_number": _number_of(found)},
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.change(found, **form.cleaned_data)
            messages.success(request, _("Saved."))
            return redirect("contact", public_id=public_id)
        except services.AddressTaken as taken:
            form.add_error("phone_number", str(taken))
    context = {"form": form, "contact": found}
    return render(request, "contacts/form.html", context, status=422 if form.is_bound else 200)


def _number_of(contact: Contact) -> str:
    """The number a colleague has entered, else one they wrote from; an id of a provider's is none."""
    numbers = [one for one in contact.identities.all() if one.external_id.startswith("+")]
    return next((one.external_id for one in sorted(numbers, key=lambda one: one.kind != ChannelKind.SMS)), "")


@require_POST
@role_required(Role.AGENT)
def block(request: Request, public_id: str) -> HttpResponse:
    found = get_object_or_404(Contact, public_id=public_id)
    if services.block(found):
        messages.success(request, _("%(name)s is blocked.") % {"name": found.name})
    return redirect("contact", public_id=public_id)


@require_POST
@role_required(Role.AGENT)
def unblock(request: Request, public_id: str) -> HttpResponse:
    found = get_object_or_404(Contact, public_id=public_id)
    if services.unblock(found):
        messages.success(request, _("%(name)s is not blocked any more.") % {"name": found.name})
    return redirect("contact", public_id=public_id)


@require_http_methods(["GET", "POST"])
@role_required(Role.ADMIN)
def remove(request: Request, public_id: str) -> HttpResponse:
    found = get_object_or_404(Contact, public_id=public_id)
    if request.method == "POST":
        services.remove(found)
        messages.success(request, _("%(name)s was removed.") % {"name": found.name})
        return redirect("contacts")
    return render(request, "contacts/remove.html", {"contact": found})
