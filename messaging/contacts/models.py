from __future__ import annotations

import phonenumbers
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _, pgettext_lazy

from messaging.channels.models import ChannelKind
from tenants.lib.ids import new_public_id


class Tone(models.TextChoices):
    """Seven colours that stay apart; the word beside them says the same."""

    GREY = "grey", _("Grey")
    RED = "red", _("Red")
    AMBER = "amber", _("Amber")
    GREEN = "green", _("Green")
    TEAL = "teal", _("Teal")
    BLUE = "blue", _("Blue")
    VIOLET = "violet", _("Violet")


class Label(models.Model):
    """A word colleagues put on conversations and on contacts."""

    public_id = models.CharField(max_length=16, default=new_public_id, editable=False)
    name = models.CharField(_("label"), max_length=40)
    tone = models.CharField(max_length=8, choices=Tone.choices, default=Tone.GREY)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["public_id"], name="label_public_id"),
            models.UniqueConstraint(fields=["name"], name="label_once"),
        ]

    def __str__(self) -> str:
        return self.name


class AttributeKind(models.TextChoices):
    TEXT = "text", _("Text")
    NUMBER = "number", pgettext_lazy("a kind of value", "Number")
    DATE = "date", _("Date")


class Attribute(models.Model):
    """A fact the company keeps of its contacts, such as a customer number; `key` names it in `Contact.attributes`."""

    key = models.CharField(max_length=40)
    name = models.CharField(_("name"), max_length=60)
    kind = models.CharField(_("kind"), max_length=8, choices=AttributeKind.choices, default=AttributeKind.TEXT)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key"], name="attribute_once")]

    def __str__(self) -> str:
        return self.name


class ContactList(models.Model):
    """People put together by hand or by an import, to be written to at once."""

    public_id = models.CharField(max_length=16, default=new_public_id, editable=False)
    name = models.CharField(_("name"), max_length=80)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["public_id"], name="contact_list_public_id"),
            models.UniqueConstraint(fields=["name"], name="contact_list_once"),
        ]

    def __str__(self) -> str:
        return self.name


class ContactQuerySet(models.QuerySet["Contact"]):
    def for_list(self) -> ContactQuerySet:
        """With the identities a row shows."""
        return self.prefetch_related("identities")

    def for_page(self) -> ContactQuerySet:
        """With all that a contact's own page shows."""
        return self.prefetch_related("identities", "labels", "lists")

    def found_by(self, words: str) -> ContactQuerySet:
        """Those whose name holds `words`, or one of whose addresses holds its digits, however they are written."""
        match = models.Q(name__icontains=words)
        digits = "".join(character for character in words if character.isdigit()).lstrip("0")
        if len(digits) >= 3:
            match |= models.Q(pk__in=ChannelIdentity.objects.filter(external_id__contains=digits).values("contact"))
        return self.filter(match)

    def on_list(self, public_id: str) -> ContactQuerySet:
        return self.filter(
            pk__in=Contact.lists.through.objects.filter(contactlist__public_id=public_id).values("contact")
        )

    def labelled(self, public_id: str) -> ContactQuerySet:
        return self.filter(pk__in=Contact.labels.through.objects.filter(label__public_id=public_id).values("contact"))

    def blocked(self) -> ContactQuerySet:
        return self.filter(blocked_at__isnull=False)


class Contact(models.Model):
    """A person the company talks to."""

    public_id = models.CharField(max_length=16, default=new_public_id, editable=False)
    name = models.CharField(_("name"), max_length=120)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="de")
    note = models.TextField(_("note"), blank=True, max_length=2000)
    # By the key of an Attribute: text, a number as text, or a date as 2026-11-25.
    attributes = models.JSONField(default=dict)
    labels = models.ManyToManyField(Label, related_name="contacts", blank=True)
    lists = models.ManyToManyField(ContactList, related_name="contacts", blank=True)
    # A colleague's decision that nothing is sent to this person any more.
    blocked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        # A constraint, since `unique=True` on text makes a second index for LIKE that every company pays for.
        constraints = [models.UniqueConstraint(fields=["public_id"], name="contact_public_id")]
        # The list of contacts by name.
        indexes = [models.Index(fields=["name", "id"], name="contact_by_name")]

    def __str__(self) -> str:
        return self.name


class ChannelIdentity(models.Model):
    """A contact's address on one kind of channel; `external_id` is an E.164 number or the provider's own id.

    On WhatsApp a contact may have both, a number and a business-scoped user id, each as a row.
    """

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="identities")
    kind = models.CharField(max_length=12, choices=ChannelKind.choices)
    external_id = models.CharField(max_length=160)
    username = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "external_id"], name="identity_once")]

    def __str__(self) -> str:
        return self.external_id

    @property
    def as_written(self) -> str:
        """A telephone number with the spaces of its country; anything else as it is."""
        if not self.external_id.startswith("+"):
            return self.external_id
        try:
            parsed = phonenumbers.parse(self.external_id)
        except phonenumbers.NumberParseException:
            return self.external_id
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
