from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy as _

from messaging.contacts.models import Contact, ContactList, Label
from tenants.lib.text import plain_name

MOST_CHOSEN = 200


class ListForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def clean_name(self) -> str:
        plain = plain_name(self.cleaned_data["name"])
        if not plain:
            raise forms.ValidationError(gettext("Enter a name."))
        return plain


class _GroupForm(forms.Form):
    """One group to leave, or one to join: a known one or a new one by name."""

    def clean_new(self) -> str:
        return plain_name(self.cleaned_data["new"])


class LabelsForm(_GroupForm):
    remove = forms.ModelChoiceField(Label.objects.all(), required=False, to_field_name="public_id")
    add = forms.ModelChoiceField(Label.objects.all(), required=False, to_field_name="public_id")
    new = forms.CharField(required=False, max_length=40)


class ListsForm(_GroupForm):
    remove = forms.ModelChoiceField(ContactList.objects.all(), required=False, to_field_name="public_id")
    add = forms.ModelChoiceField(ContactList.objects.all(), required=False, to_field_name="public_id")
    new = forms.CharField(required=False, max_length=80)


class PutForm(forms.Form):
    """Rows that were chosen, and the list to put them on."""

    list = forms.ModelChoiceField(
        ContactList.objects.all(),
        to_field_name="public_id",
        error_messages={
            "required": _("Choose a list first."),
            "invalid_choice": _("This list is gone. Choose another."),
        },
    )
    people = forms.ModelMultipleChoiceField(
        Contact.objects.all(),
        to_field_name="public_id",
        error_messages={
            "required": _("Choose people first."),
            "invalid_choice": _("Somebody of those you chose was removed meanwhile. Choose again."),
        },
    )

    def clean_people(self) -> Any:
        people = self.cleaned_data["people"]
        if len(people) > MOST_CHOSEN:
            raise forms.ValidationError(gettext("Choose at most 200 people at once."))
        return people
