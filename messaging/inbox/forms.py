from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy as _

from messaging.contacts.models import Label, Tone
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


MORNING = time(9)
FURTHEST = timedelta(days=366)
UNTIL = [
    ("hour", _("In an hour")),
    ("tomorrow", _("Tomorrow at 9:00")),
    ("week", _("Next Monday at 9:00")),
    ("month", _("Next month, on the 1st at 9:00")),
    ("own", _("At a time of your own")),
]


class SnoozeForm(forms.Form):
    """Until when: one of the ready times, or the agent's own `at`; all in the agent's time zone."""

    until = forms.ChoiceField(
        choices=UNTIL,
        error_messages={"required": _("Choose until when."), "invalid_choice": _("Choose until when.")},
    )
    at = forms.DateTimeField(
        label=_("Date and time"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        error_messages={"invalid": _("Write a date and a time, such as 3 July 2027, 14:00.")},
    )

    def __init__(self, *args: Any, now: datetime | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = timezone.localtime(now)

    @classmethod
    def ready(cls) -> list[tuple[str, Any]]:
        """The times one can choose without writing one."""
        return [(value, words) for value, words in UNTIL if value != "own"]

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("until") == "own" and "at" in self.cleaned_data:
            self._check_own(self.cleaned_data["at"])
        return self.cleaned_data

    def _check_own(self, at: datetime | None) -> None:
        if at is None:
            self.add_error("at", _("Write a date and a time."))
        elif at <= self.now:
            self.add_error("at", _("This time is over. Choose one that is still to come."))
        elif at > self.now + FURTHEST:
            self.add_error("at", _("At most a year ahead."))

    def moment(self) -> datetime:
        """When it comes back."""
        until, today = self.cleaned_data["until"], self.now.date()
        if until == "own":
            return self.cleaned_data["at"]
        if until == "hour":
            # By the world's clock: an agent's own may be turned within the hour.
            return self.now.astimezone(UTC) + timedelta(hours=1)
        days = {
            "tomorrow": today + timedelta(days=1),
            "week": today + timedelta(days=7 - today.weekday()),
            "month": (today.replace(day=1) + timedelta(days=32)).replace(day=1),
        }
        # Joined from date and clock, so that it is nine o'clock on both sides of a change of the clocks.
        return timezone.make_aware(datetime.combine(days[until], MORNING))


class LabelForm(forms.Form):
    """The labels to carry: those ticked, and a new one by name."""

    labels = forms.ModelMultipleChoiceField(
        queryset=Label.objects.none(),
        required=False,
        to_field_name="public_id",
        error_messages={
            "invalid_choice": _("One of these labels does not exist any more. Look at them again."),
            "invalid_pk_value": _("One of these labels does not exist any more. Look at them again."),
        },
    )
    new = forms.CharField(
        label=_("A new label"),
        required=False,
        max_length=40,
        error_messages={"max_length": _("At most 40 characters.")},
    )
    tone = forms.ChoiceField(label=_("Colour"), required=False, choices=Tone.choices)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["labels"].queryset = Label.objects.order_by("name")  # type: ignore[attr-defined]

    def wanted(self) -> list[Label]:
        chosen = list(self.cleaned_data["labels"])
        name = " ".join(str(self.cleaned_data["new"]).split())
        if name:
            tone = self.cleaned_data["tone"] or Tone.GREY
            chosen.append(Label.objects.get_or_create(name=name, defaults={"tone": tone})[0])
        return chosen
