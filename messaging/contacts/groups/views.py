"""Lists of contacts, and which lists and labels a contact has."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from messaging.contacts.groups import services
from messaging.contacts.groups.forms import LabelsForm, ListForm, ListsForm, PutForm
from messaging.contacts.groups.services import NameTaken
from messaging.contacts.models import Contact, ContactList
from messaging.contacts.places import tabs
from tenants.access import may, role_required
from tenants.lib.paging import page_by_key
from tenants.models import Role
from tenants.request import Request


@require_http_methods(["GET", "POST"])
@role_required(Role.AGENT)
def lists(request: Request) -> HttpResponse:
    """All lists with how many are on them, and a new one."""
    form = ListForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            added = services.add_list(form.cleaned_data["name"])
            messages.success(request, _("“%(name)s” was added.") % {"name": added.name})
            return redirect("contact_lists")
        except NameTaken as taken:
            form.add_error("name", str(taken))
    rows = ContactList.objects.annotate(number=Count("contacts"))
    page = page_by_key(rows, ("name", "pk"), before=request.GET.get("before", ""), after=request.GET.get("after", ""))
    context = {"form": form, "page": page, "tabs": tabs(request), "may_remove": may(request, Role.ADMIN)}
    return render(request, "contacts/lists.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@role_required(Role.AGENT)
def rename(request: Request, public_id: str) -> HttpResponse:
    found = get_object_or_404(ContactList, public_id=public_id)
    form = ListForm(request.POST or None, initial={"name": found.name})
    if request.method == "POST" and form.is_valid():
        try:
            services.rename_list(found, form.cleaned_data["name"])
            messages.success(request, _("Saved."))
            return redirect("contact_lists")
        except NameTaken as taken:
            form.add_error("name", str(taken))
            found.refresh_from_db()
    context = {"form": form, "list": found}
    return render(request, "contacts/list_rename.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@role_required(Role.ADMIN)
def remove(request: Request, public_id: str) -> HttpResponse:
    found = get_object_or_404(ContactList.objects.annotate(number=Count("contacts")), public_id=public_id)
    if request.method == "POST":
        found.delete()
        messages.success(request, _("“%(name)s” was deleted. The people stay.") % {"name": found.name})
        return redirect("contact_lists")
    return render(request, "contacts/list_remove.html", {"list": found})


@require_POST
@role_required(Role.AGENT)
def put(request: Request) -> HttpResponse:
    """Those chosen on the page of contacts go on a list."""
    form = PutForm(request.POST)
    if form.is_valid():
        found = form.cleaned_data["list"]
        number = services.put(found, form.cleaned_data["people"])
        words = ngettext(
            "%(number)d person was put on “%(list)s”.", "%(number)d people were put on “%(list)s”.", number
        )
        if not number:
            words = _("All of them were on “%(list)s” already.")
        messages.success(request, words % {"number": number, "list": found.name})
    _say(request, form)
    wished = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wished, allowed_hosts={request.get_host()})
    return redirect(wished if safe else "contacts")


@require_POST
@role_required(Role.AGENT)
def labels_of(request: Request, public_id: str) -> HttpResponse:
    contact, form = get_object_or_404(Contact, public_id=public_id), LabelsForm(request.POST)
    if form.is_valid():
        if form.cleaned_data["remove"]:
            contact.labels.remove(form.cleaned_data["remove"])
        if form.cleaned_data["add"]:
            contact.labels.add(form.cleaned_data["add"])
        if form.cleaned_data["new"]:
            contact.labels.add(services.label_named(form.cleaned_data["new"]))
    _say(request, form)
    return redirect("contact", public_id=public_id)


@require_POST
@role_required(Role.AGENT)
def lists_of(request: Request, public_id: str) -> HttpResponse:
    contact, form = get_object_or_404(Contact, public_id=public_id), ListsForm(request.POST)
    if form.is_valid():
        if form.cleaned_data["remove"]:
            contact.lists.remove(form.cleaned_data["remove"])
        if form.cleaned_data["add"]:
            contact.lists.add(form.cleaned_data["add"])
        if form.cleaned_data["new"]:
            contact.lists.add(services.list_named(form.cleaned_data["new"]))
    _say(request, form)
    return redirect("contact", public_id=public_id)


def _say(request: Request, form: Form) -> None:
    """What was refused, in a page that shows no fields again."""
    for errors in form.errors.values():
        messages.error(request, str(errors[0]))
