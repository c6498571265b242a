"""The company's contacts: list, look, add, change, remove."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from messaging.contacts import services
from messaging.contacts.forms import ContactForm
from messaging.contacts.models import Contact
from tenants.access import may, role_required
from tenants.lib.paging import page_by_key
from tenants.models import Role
from tenants.request import Request, company_of


@require_safe
@role_required(Role.AGENT)
def contacts(request: Request) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:100]
    rows = Contact.objects.for_list()
    rows = rows.found_by(words) if words else rows
    page = page_by_key(rows, ("name", "pk"), before=request.GET.get("before", ""), after=request.GET.get("after", ""))
    template = "contacts/_table.html" if request.htmx and not request.htmx.boosted else "contacts/list.html"
    return render(request, template, {"page": page, "words": words})


@require_safe
@role_required(Role.AGENT)
def contact(request: Request, public_id: str) -> HttpResponse:
    found = get_object_or_404(Contact.objects.for_list(), public_id=public_id)
    context = {"contact": found, "may_remove": may(request, Role.ADMIN)}
    return render(request, "contacts/contact.html", context)


@require_http_methods(["GET", "POST"])
@role_required(Role.AGENT)
def add(request: Request) -> HttpResponse:
    form = ContactForm(request.POST or None, country=company_of(request).country)
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
    identity = next(iter(found.identities.all()), None)
    form = ContactForm(
        request.POST or None,
        instance=found,
        country=company_of(request).country,
        initial={"phone_number": identity.external_id if identity else ""},
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


@require_http_methods(["GET", "POST"])
@role_required(Role.ADMIN)
def remove(request: Request, public_id: str) -> HttpResponse:
    found = get_object_or_404(Contact, public_id=public_id)
    if request.method == "POST":
        services.remove(found)
        messages.success(request, _("%(name)s was removed.") % {"name": found.name})
        return redirect("contacts")
    return render(request, "contacts/remove.html", {"contact": found})
