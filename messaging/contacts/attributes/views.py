"""The facts a company keeps of its contacts."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from messaging.contacts.attributes import services
from messaging.contacts.attributes.forms import AttributeForm, AttributeNameForm
from messaging.contacts.attributes.services import AttributeRefused
from messaging.contacts.models import Attribute
from messaging.contacts.places import tabs
from tenants.access import role_required
from tenants.models import Role
from tenants.request import Request


@require_http_methods(["GET", "POST"])
@role_required(Role.ADMIN)
def attributes(request: Request) -> HttpResponse:
    """All of them, and a new one."""
    form = AttributeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            added = services.add(**form.cleaned_data)
            messages.success(request, _("“%(name)s” was added.") % {"name": added.name})
            return redirect("attributes")
        except AttributeRefused as refused:
            form.add_error("name", str(refused))
    context = {"form": form, "attributes": Attribute.objects.order_by("name", "pk"), "tabs": tabs(request)}
    return render(request, "contacts/attributes.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@role_required(Role.ADMIN)
def rename(request: Request, key: str) -> HttpResponse:
    found = get_object_or_404(Attribute, key=key)
    form = AttributeNameForm(request.POST or None, initial={"name": found.name})
    if request.method == "POST" and form.is_valid():
        try:
            services.rename(found, form.cleaned_data["name"])
            messages.success(request, _("Saved."))
            return redirect("attributes")
        except AttributeRefused as refused:
            form.add_error("name", str(refused))
    context = {"form": form, "attribute": found}
    return render(request, "contacts/attribute.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@role_required(Role.ADMIN)
def remove(request: Request, key: str) -> HttpResponse:
    found = get_object_or_404(Attribute, key=key)
    if request.method == "POST":
        services.remove(found)
        messages.success(request, _("“%(name)s” was deleted.") % {"name": found.name})
        return redirect("attributes")
    context = {"attribute": found, "people": services.people_with(found)}
    return render(request, "contacts/attribute_remove.html", context)
