"""Files from the composer: chosen, dropped, pasted or recorded."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_POST

from messaging.inbox import composing, shown
from messaging.inbox.forms import Words
from messaging.inbox.message_views import kept_of, page_again, written
from messaging.inbox.views import conversation_of
from messaging.media.sending import FilesRefused, Upload, send_files
from messaging.messages import answering
from messaging.messages.affording import BudgetUsedUp
from messaging.messages.services import ChannelGone, ContentRefused, WindowClosed
from tenants.access import role_required
from tenants.models import Role
from tenants.request import Request


class SeveralFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files; neither a long name nor an empty file is refused here, where the others would be lost with it."""

    widget = SeveralFiles

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        return [one for one in data or () if one is not None]


class FilesForm(forms.Form):
    """`files` and `voice`, with `text` going with the first; `quote` is answered, `seen` the newest the page shows."""

    files = FilesField(required=False)  # type: ignore[assignment]
    voice = FilesField(required=False)
    text = Words(
        required=False, max_length=4096, error_messages={"max_length": gettext_lazy("At most 4,096 characters.")}
    )
    client_key = forms.CharField(max_length=50)
    quote = forms.CharField(required=False, max_length=16)
    seen = forms.CharField(required=False, max_length=16)

    def clean(self) -> dict[str, Any]:
        if not self.cleaned_data.get("files") and not self.cleaned_data.get("voice"):
            raise forms.ValidationError(_("Choose a file first."))
        return self.cleaned_data

    def uploads(self) -> list[Upload]:
        chosen = [Upload(one.name or "", one.chunks()) for one in self.cleaned_data["files"]]
        return chosen + [Upload("", one.chunks(), is_voice=True) for one in self.cleaned_data["voice"]]


@require_POST
@role_required(Role.AGENT)
def conversation_files(request: Request, public_id: str) -> HttpResponse:
    """All of them are queued, or none and the words why; then the files themselves stay in the browser."""
    found = conversation_of(public_id)
    form = FilesForm(request.POST, request.FILES)
    kept = kept_of(found, form)
    if not form.is_valid():
        return page_again(request, found, form=form, **kept)
    quote = composing.quoted(found, form.cleaned_data["quote"])
    try:
        send_files(
            found,
            author=request.user,
            uploads=form.uploads(),
            caption=form.cleaned_data["text"],
            reply_to=quote,
            client_key=form.cleaned_data["client_key"],
            seen=form.cleaned_data["seen"],
        )
    except answering.Unseen as unseen:
        entries = [shown.quote_of(one, found) for one in unseen.messages]
        return page_again(request, found, status=409, unseen=entries, **kept)
    except FilesRefused as refusal:
        for problem in refusal.problems:
            form.add_error(None, problem)
    except (BudgetUsedUp, ChannelGone, ContentRefused, WindowClosed) as refusal:
        form.add_error(None, str(refusal))
    else:
        return written(request, found)
    return page_again(request, found, form=form, **kept)
