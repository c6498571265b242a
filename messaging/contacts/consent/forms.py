from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy as _

from messaging.channels.models import Channel
from messaging.contacts.consent.models import Purpose
from messaging.contacts.consent.preferences import ANSWERS, MEANING, Choice

# Before that nobody agreed to messages of this kind; it is a typing mistake.
EARLIEST = date(2000, 1, 1)
EVERY = "all"


class PastDateField(forms.DateField):
    """A day that is not in the future."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
        kwargs.setdefault("error_messages", {"invalid": _("This is no date: write it as 2026-11-25.")})
        super().__init__(**kwargs)

    def clean(self, value: Any) -> date | None:
        day: date | None = super().clean(value)
        if day and day > timezone.localdate():
            raise forms.ValidationError(gettext("This date lies in the future."))
        if day and day < EARLIEST:
            raise forms.ValidationError(gettext("This date is too long ago. Check the year."))
        return day


class _DecisionForm(forms.Form):
    """For what, and for which number."""

    purpose = forms.ChoiceField(label=_("For"), choices=Purpose.choices)
    channel = forms.ChoiceField(label=_("Through"), initial=EVERY)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.channels = {channel.public_id: channel for channel in Channel.objects.usable().order_by("name", "pk")}
        numbers = [(key, channel.name) for key, channel in self.channels.items()]
        self.fields["channel"].choices = [(EVERY, _("All numbers")), *numbers]  # type: ignore[attr-defined]

    def clean_channel(self) -> Channel | None:
        return self.channels.get(self.cleaned_data["channel"])


class AgreementForm(_DecisionForm):
    words = forms.CharField(
        label=_("What they were shown or told"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The sentence they agreed to, word for word. It is the proof if somebody asks."),
        error_messages={"required": _("Without the words they agreed to there is no proof.")},
    )
    proof = forms.CharField(
        label=_("Where the proof lies"),
        required=False,
        max_length=300,
        help_text=_("Such as “signed form, folder 12” or the address of a recording."),
    )
    on = PastDateField(label=_("When they agreed"))


class RefusalForm(_DecisionForm):
    reason = forms.CharField(
        label=_("What they said, or where"),
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Write in a few words how you know.")},
    )


class PreferencesForm(forms.Form):
    """A question for each purpose. What was never decided is answered by nobody beforehand."""

    def __init__(self, *args: Any, choices: list[Choice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for choice in choices:
            self.fields[choice.purpose] = forms.ChoiceField(
                label=choice.purpose.label,
                choices=list(ANSWERS.items()),
                required=False,
                initial=choice.state,
                widget=forms.RadioSelect(attrs={"class": "cards"}),
            )

    def wishes(self) -> dict[str, tuple[str, str]]:
        """For each purpose the answer, with the words it was given to."""
        return {
            purpose: (state, f"{Purpose(purpose).label}: {MEANING[purpose]} – {ANSWERS[state]}")
            for purpose, state in self.cleaned_data.items()
            if state
        }
