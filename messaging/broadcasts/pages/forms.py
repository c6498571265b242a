from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy as _

from tenants.lib.text import plain_name

MOST_PER_MINUTE = 100_000


class NameForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        help_text=_("Only your colleagues see it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_name(self) -> str:
        plain = plain_name(self.cleaned_data["name"])
        if not plain:
            raise forms.ValidationError(gettext("Enter a name."))
        return plain


class TimingForm(forms.Form):
    """When it starts, when it rests and how fast it is, by the clock of the broadcast's time zone."""

    when = forms.ChoiceField(
        label=_("Start"),
        choices=[("now", _("As soon as you press send")), ("at", _("At a date and time"))],
        widget=forms.RadioSelect,
    )
    date = forms.DateField(
        label=_("Date"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    time = forms.TimeField(
        label=_("Time"), required=False, widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    )
    quiet_from = forms.TimeField(
        label=_("Nothing is sent from"), required=False, widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    )
    quiet_until = forms.TimeField(
        label=_("until"), required=False, widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    )
    per_minute = forms.IntegerField(
        label=_("Messages per minute at most"),
        required=False,
        min_value=1,
        max_value=MOST_PER_MINUTE,
        help_text=_("Empty: as fast as the number may send. Replies of your team always keep their own share."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )

    def __init__(self, *args: Any, zone: str, now: datetime | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone, self.now = ZoneInfo(zone), now or timezone.now()

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if bool(said.get("quiet_from")) != bool(said.get("quiet_until")):
            missing = "quiet_until" if said.get("quiet_from") else "quiet_from"
            self.add_error(missing, gettext("Quiet hours need both times, or none."))
        elif said.get("quiet_from") and said["quiet_from"] == said["quiet_until"]:
            self.add_error("quiet_until", gettext("Quiet hours must end at another time than they begin."))
        said["scheduled_at"] = self._scheduled_at(said) if said.get("when") == "at" else None
        return said

    def _scheduled_at(self, said: dict[str, Any]) -> datetime | None:
        for name, words in (("date", gettext("Choose a date.")), ("time", gettext("Choose a time."))):
            if not said.get(name):
                if name not in self.errors:
                    self.add_error(name, words)
                return None
        local = datetime.combine(said["date"], said["time"], self.zone)
        if local.astimezone(ZoneInfo("UTC")).astimezone(self.zone).replace(tzinfo=None) != local.replace(tzinfo=None):
            self.add_error("time", gettext("This time does not exist on that day: the clocks go forward."))
        elif local <= self.now:
            self.add_error("date", gettext("This time is over. Choose one that lies ahead."))
        return local

    def values(self) -> dict[str, Any]:
        """The columns, of a valid form."""
        names = ("scheduled_at", "quiet_from", "quiet_until", "per_minute")
        return {name: self.cleaned_data.get(name) for name in names}
