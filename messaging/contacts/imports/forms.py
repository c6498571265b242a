from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy as _

from messaging.contacts.consent.forms import PastDateField
from messaging.contacts.consent.models import Purpose
from messaging.contacts.imports.choosing import NEW
from messaging.contacts.imports.models import ContactImport
from messaging.contacts.imports.rows import FIELDS, PHONE
from messaging.contacts.models import Attribute, AttributeKind, ContactList
from tenants.forms.fields import CountryField
from tenants.lib.text import plain_name

AGREED, NOTHING = "agreed", "nothing"
# What must be told of people who agreed.
DETAILS = ("purposes", "words", "date", "proof")


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv,text/plain"}),
        help_text=_(
            "CSV, any usual encoding and separator. The first line names the columns; up to 40 MB and 500,000 lines."
        ),
        error_messages={"required": _("Choose a file first.")},
    )


class ColumnsForm(forms.Form):
    """What each column is, whom the rows change, and how these people agreed."""

    country = CountryField(label=_("Country of numbers without country code"))
    updates_known = forms.TypedChoiceField(
        label=_("People you know already"),
        choices=[
            ("yes", _("Update them with what the file says")),
            ("no", _("Leave them as they are")),
        ],
        coerce=lambda value: value == "yes",
        initial="yes",
        widget=forms.RadioSelect,
    )
    contact_list = forms.ModelChoiceField(
        ContactList.objects.none(),
        label=_("Put everybody on a list"),
        required=False,
        to_field_name="public_id",
        empty_label=_("No list"),
    )
    new_list = forms.CharField(
        label=_("Or on a new list"),
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    basis = forms.ChoiceField(
        label=_("Consent"),
        choices=[
            (AGREED, _("These people agreed to get messages")),
            (NOTHING, _("No consent: import as contacts only")),
        ],
        widget=forms.RadioSelect(attrs={"class": "cards"}),
        error_messages={"required": _("Say whether these people agreed. Without consent nobody gets a broadcast.")},
    )
    purposes = forms.MultipleChoiceField(
        label=_("They agreed to"),
        choices=Purpose.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose what they agreed to.")},
    )
    words = forms.CharField(
        label=_("What they were shown or told"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The sentence they agreed to, word for word."),
        error_messages={"required": _("Without the words they agreed to there is no proof.")},
    )
    date = PastDateField(label=_("When they agreed"), help_text=_("For lines without a date of their own."))
    proof = forms.CharField(
        label=_("Where the proof lies"),
        max_length=300,
        help_text=_("Such as “forms of the spring fair, folder 12” or the export of your shop."),
        error_messages={"required": _("Say where the proof can be found.")},
    )

    def __init__(self, *args: Any, found: ContactImport, guessed: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found = found
        self.fields["contact_list"].queryset = ContactList.objects.order_by("name", "pk")  # type: ignore[attr-defined]
        if self.is_bound and self.data.get("basis") != AGREED:
            for name in DETAILS:
                self.fields[name].required = False
        choices = _choices()
        for place, column in enumerate(found.columns):
            self.fields[f"column_{place}"] = forms.ChoiceField(
                label=column or gettext("Column %(number)d") % {"number": place + 1},
                choices=choices,
                required=False,
                initial=guessed[place],
            )

    @classmethod
    def values_of(cls, found: ContactImport) -> dict[str, Any]:
        """What was chosen before, to begin with."""
        agreed = found.consent
        chosen = {"updates_known": "yes" if found.updates_known else "no", "country": found.country}
        if not found.mapping:
            return chosen
        return {
            **chosen,
            "contact_list": found.contact_list.public_id if found.contact_list else "",
            "basis": AGREED if agreed else NOTHING,
            **{name: agreed.get(name, "") for name in DETAILS},
        }

    @property
    def column_fields(self) -> list[forms.BoundField]:
        return [self[f"column_{place}"] for place in range(len(self.found.columns))]

    def clean_new_list(self) -> str:
        return plain_name(self.cleaned_data["new_list"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self._check_columns()
        for name in DETAILS:
            # The page that shows them again does not call them optional.
            self.fields[name].required = True
            if cleaned.get("basis") == NOTHING:
                self.errors.pop(name, None)
        return cleaned

    def _check_columns(self) -> None:
        seen: dict[str, str] = {}
        names = [f"column_{place}" for place in range(len(self.found.columns))]
        for name in names:
            field = self.cleaned_data.get(name, "")
            if not field or field.startswith(NEW):
                continue
            if field in seen:
                self.add_error(name, gettext("“%(column)s” is this already.") % {"column": seen[field]})
            seen.setdefault(field, str(self.fields[name].label))
        if PHONE not in seen and not any(name in self.errors for name in names):
            self.add_error(None, gettext("Say which column holds the phone number."))

    def choices(self) -> dict[str, Any]:
        """As the check takes them."""
        cleaned = self.cleaned_data
        agreed = {}
        if cleaned["basis"] == AGREED:
            agreed = {name: cleaned[name] for name in DETAILS} | {"date": cleaned["date"].isoformat()}
        return {
            "mapping": [cleaned[f"column_{place}"] for place in range(len(self.found.columns))],
            **{name: cleaned[name] for name in ("country", "updates_known", "contact_list", "new_list")},
            "consent": agreed,
        }


def _choices() -> list[Any]:
    attributes = Attribute.objects.order_by("name", "pk").values_list("key", "name")
    return [
        ("", _("Leave out")),
        (_("Contact"), list(FIELDS.items())),
        (_("Attributes"), [(f"attributes.{key}", name) for key, name in attributes]),
        (_("A new attribute of this name"), [(NEW + kind, label) for kind, label in AttributeKind.choices]),
    ]
