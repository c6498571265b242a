"""Contacts from a file: upload, say what is what, check, import. Each step is a state of the import."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from messaging.contacts.imports import services, shown
from messaging.contacts.imports.choosing import begin_check, samples_of
from messaging.contacts.imports.forms import ColumnsForm, UploadForm
from messaging.contacts.imports.guessing import guess
from messaging.contacts.imports.models import ContactImport, ImportState
from messaging.contacts.imports.reading import MOST_BYTES, FileRefused
from messaging.contacts.imports.refused import refused_lines as lines_of
from messaging.contacts.imports.services import BUSY, ImportRefused
from messaging.contacts.models import Attribute
from messaging.contacts.places import tabs
from tenants.access import role_required
from tenants.lib.paging import page_by_key
from tenants.models import Role
from tenants.request import Request

HISTORY = 20


@require_http_methods(["GET", "POST"])
@role_required(Role.ADMIN)
def imports(request: Request) -> HttpResponse:
    """A new file, and what was imported before."""
    form = UploadForm(*(request.POST, request.FILES) if request.method == "POST" else ())
    if request.method == "POST" and form.is_valid():
        try:
            found = services.take_in(form.cleaned_data["file"].name, _content(form), by=request.user)
            return redirect("import", public_id=found.public_id)
        except FileRefused as refused:
            form.add_error("file", str(refused))
    before, after = request.GET.get("before", ""), request.GET.get("after", "")
    rows = ContactImport.objects.for_page().defer("problems").select_related("contact_list")
    page = page_by_key(rows, ("-created_at", "-pk"), before=before, after=after, size=HISTORY)
    context = {"form": form, "page": page, "tabs": tabs(request), "tones": shown.TONES, "steps": shown.steps(None)}
    return render(request, "contacts/imports.html", context, status=422 if form.is_bound else 200)


def _content(form: UploadForm) -> bytes:
    """What is too large is not read further than to see that."""
    return bytes(form.cleaned_data["file"].read(MOST_BYTES + 1))


@require_safe
@role_required(Role.ADMIN)
def one(request: Request, public_id: str) -> HttpResponse:
    """Whatever is next for this file; `change` goes back to the columns."""
    found = _import(public_id)
    if found.state == ImportState.UPLOADED or (found.state == ImportState.CHECKED and "change" in request.GET):
        return _columns(request, found, None)
    context = {**_shown(found), "problems": shown.problems(found)}
    return render(request, "contacts/import.html", context)


@require_POST
@role_required(Role.ADMIN)
def check(request: Request, public_id: str) -> HttpResponse:
    found = _import(public_id)
    if found.state not in (ImportState.UPLOADED, ImportState.CHECKED):
        return redirect("import", public_id=public_id)
    samples = samples_of(found)
    form = ColumnsForm(request.POST, found=found, guessed=_guessed(found, samples))
    if form.is_valid():
        try:
            begin_check(found, **form.choices())
            return redirect("import", public_id=public_id)
        except ImportRefused as refused:
            form.add_error(None, str(refused))
    return _columns(request, found, form)


@require_POST
@role_required(Role.ADMIN)
def run(request: Request, public_id: str) -> HttpResponse:
    """A second click finds it running, which is what it wanted."""
    found = _import(public_id)
    try:
        services.run(found)
    except ImportRefused as refused:
        if found.state not in (ImportState.RUNNING, ImportState.DONE):
            messages.error(request, str(refused))
    return redirect("import", public_id=public_id)


@require_POST
@role_required(Role.ADMIN)
def cancel(request: Request, public_id: str) -> HttpResponse:
    found = _import(public_id)
    try:
        services.cancel(found)
        messages.success(request, _("The import was cancelled."))
    except ImportRefused as refused:
        messages.error(request, str(refused))
    return redirect("import", public_id=public_id)


@require_safe
@role_required(Role.ADMIN)
def progress(request: Request, public_id: str) -> HttpResponse:
    """How far it is, asked again and again; the whole page when it is through."""
    found = _import(public_id)
    answer = render(request, "contacts/_import_progress.html", _shown(found))
    if found.state not in BUSY:
        answer.headers["HX-Refresh"] = "true"
    return answer


@require_safe
@role_required(Role.ADMIN)
def refused_lines(request: Request, public_id: str) -> HttpResponse:
    """At most as many lines as an import remembers, so the answer is made as a whole."""
    found = get_object_or_404(ContactImport.objects.defer("seen"), public_id=public_id)
    if not found.problems or not found.content:
        raise Http404
    # The mark tells a sheet that this is UTF-8.
    answer = HttpResponse("\ufeff" + "".join(lines_of(found)), content_type="text/csv; charset=utf-8")
    name = slugify(found.filename.rpartition(".")[0]) or "contacts"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}-refused.csv"'
    return answer


def _import(public_id: str) -> ContactImport:
    return get_object_or_404(ContactImport.objects.for_page().select_related("contact_list"), public_id=public_id)


def _columns(request: Request, found: ContactImport, form: ColumnsForm | None) -> HttpResponse:
    samples = samples_of(found)
    if form is None:
        form = ColumnsForm(found=found, guessed=_guessed(found, samples), initial=ColumnsForm.values_of(found))
    columns = [
        {"field": field, "samples": [row[place] for row in samples if place < len(row) and row[place].strip()]}
        for place, field in enumerate(form.column_fields)
    ]
    context = {**_shown(found), "form": form, "columns": columns}
    return render(request, "contacts/import_columns.html", context, status=422 if form.is_bound else 200)


def _guessed(found: ContactImport, samples: list[list[str]]) -> list[str]:
    """What was chosen before, else a guess."""
    return found.mapping or guess(found.columns, samples, Attribute.objects.order_by("pk"), found.country)


def _shown(found: ContactImport) -> dict[str, Any]:
    return {
        "import": found,
        "steps": shown.steps(found) if found.state != ImportState.CANCELLED else [],
        "tiles": shown.tiles(found),
        "is_busy": found.state in BUSY,
        # Those who are known already are put on the list, and what they agreed to is written down.
        "importable": found.created_count + found.updated_count + found.unchanged_count,
    }
