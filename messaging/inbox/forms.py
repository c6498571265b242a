from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messaging.conversations.models import Label


class ReplyForm(forms.Form):
    """An answer or a note. `client_key` makes a double click one message."""

    text = forms.CharField(
        label=_("Reply"),
        max_length=4096,
        widget=forms.Textarea(attrs={"rows": 1}),
        error_messages={"required": _("Write something first."), "max_length": _("At most 4,096 characters.")},
    )
    client_key = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def clean_text(self) -> str:
        return str(self.cleaned_data["text"]).replace("\r\n", "\n")


class NoteForm(forms.Form):
    text = forms.CharField(
        label=_("Note"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 1}),
        error_messages={"required": _("Write something first.")},
    )


class AssignForm(forms.Form):
    """Who gets it: a member's key, or nobody; `seen` is who had it as the page showed."""

    to = forms.CharField(required=False, max_length=16)
    seen = forms.IntegerField(required=False)


class SnoozeForm(forms.Form):
    until = forms.ChoiceField(
        choices=[
            ("hour", _("In an hour")),
            ("tomorrow", _("Tomorrow at 9:00")),
            ("week", _("Next Monday at 9:00")),
        ]
    )

    def clean_until(self) -> datetime:
        """The moment, in the agent's time zone."""
        now = timezone.localtime()
        if self.cleaned_data["until"] == "hour":
            return now + timedelta(hours=1)
        days = 1 if self.cleaned_data["until"] == "tomorrow" else 7 - now.weekday()
        morning = datetime.combine(now.date() + timedelta(days=days), time(9))
        return timezone.make_aware(morning)


class LabelForm(forms.Form):
    """The labels to carry: those ticked, and a new one by name."""

    labels = forms.ModelMultipleChoiceField(queryset=Label.objects.none(), required=False, to_field_name="public_id")
    new = forms.CharField(required=False, max_length=40)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["labels"].queryset = Label.objects.order_by("name")  # type: ignore[attr-defined]

    def wanted(self) -> list[Label]:
        chosen = list(self.cleaned_data["labels"])
        name = " ".join(str(self.cleaned_data["new"]).split())
        if name:
            chosen.append(Label.objects.get_or_create(name=name)[0])
        return chosen
