from __future__ import annotations

import unicodedata
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy as _

from messaging.conversations.models import Label
from tenants.templatetags.ui import number


class Words(forms.CharField):
    """Lines end as people count them: what a browser sends for one is two characters."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


class ReplyForm(forms.Form):
    """An answer, as long as the channel takes it. `client_key` makes a double click one message.

    `seen` is the newest message the page showed, `quote` the one that is answered.
    """

    text = Words(label=_("Reply"), error_messages={"required": _("Write something first.")})
    client_key = forms.CharField(max_length=64)
    seen = forms.CharField(max_length=16, required=False)
    quote = forms.CharField(max_length=16, required=False)

    def __init__(self, *args: Any, most: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].validators.append(MaxLengthValidator(most, _at_most(most)))


class NoteForm(forms.Form):
    text = Words(label=_("Note"), max_length=4000, error_messages={"required": _("Write something first.")})


class ReactionForm(forms.Form):
    """One emoji; nothing takes the reaction back."""

    emoji = forms.CharField(max_length=16, required=False)

    def clean_emoji(self) -> str:
        emoji = str(self.cleaned_data["emoji"]).strip()
        # Every emoji holds a symbol; the digits of a keycap are the one exception that begins with a letter's kin.
        if emoji and not any(unicodedata.category(sign) in {"So", "Sk", "Me"} for sign in emoji):
            raise forms.ValidationError(_("Choose one emoji."))
        return emoji


def _at_most(most: int) -> str:
    return gettext("At most %(most)s characters.") % {"most": number(most)}


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
