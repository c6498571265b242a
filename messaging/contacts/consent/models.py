from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messaging.channels.models import Channel
from messaging.contacts.models import Contact
from tenants.lib.ids import new_public_id


class Purpose(models.TextChoices):
    """What somebody agrees to hear of."""

    MARKETING = "marketing", _("News and offers")
    SERVICE = "service", _("Notices about orders and services")


class ConsentState(models.TextChoices):
    OPTED_IN = "opted_in", _("Opted in")
    OPTED_OUT = "opted_out", _("Opted out")


class ConsentSource(models.TextChoices):
    """Where a decision came from."""

    KEYWORD = "keyword", _("A word they wrote")
    PROVIDER = "provider", _("The switch in their app")
    PREFERENCES = "preferences", _("The page of their choices")
    MEMBER = "member", _("A colleague")
    IMPORT = "import", _("An import")
    API = "api", _("Your own system")


# What the person did with their own hands; nothing else lifts what they have stopped.
BY_PERSON = frozenset({ConsentSource.KEYWORD, ConsentSource.PROVIDER, ConsentSource.PREFERENCES})


class ConsentEvent(models.Model):
    """One decision as it was told: never changed, only added to.

    `channel` is the number it is about, None for all of the company's. `words` is what the person was shown or wrote,
    `proof` where it can be looked up, `key` the name under which the same news counts once.
    """

    public_id = models.CharField(max_length=16, default=new_public_id, editable=False)
    # The ledger outlives the contact: it is the proof that they were written to rightly.
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, related_name="consent_events")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    state = models.CharField(max_length=12, choices=ConsentState.choices)
    source = models.CharField(max_length=12, choices=ConsentSource.choices)
    words = models.TextField(blank=True)
    proof = models.JSONField(default=dict)
    author_id = models.BigIntegerField(null=True)
    author_name = models.CharField(max_length=120, blank=True)
    key = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["public_id"], name="consent_event_public_id"),
            models.UniqueConstraint(fields=["key"], condition=~models.Q(key=""), name="consent_event_once"),
        ]

    @property
    def is_by_person(self) -> bool:
        return self.source in BY_PERSON


class Consent(models.Model):
    """How things stand for a contact, a purpose and a number (None: all of them): what the ledger adds up to."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="consents", db_index=False)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    state = models.CharField(max_length=12, choices=ConsentState.choices)
    is_by_person = models.BooleanField(default=False)
    since = models.DateTimeField()
    event = models.ForeignKey(ConsentEvent, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints = [
            # Also the way an audience looks people up.
            models.UniqueConstraint(
                fields=["contact", "purpose", "channel"], name="consent_once", nulls_distinct=False
            ),
        ]
        # Who has opted out since a broadcast began, asked for each batch of it.
        indexes = [
            models.Index(
                fields=["since"],
                name="consent_stopped_by_person",
                condition=models.Q(state="opted_out", is_by_person=True),
            )
        ]


class Suppression(models.Model):
    """An opt-out that outlives its contact: whoever is added again under the address has opted out still.

    Only a hash of the address is kept.
    """

    address_hash = models.CharField(max_length=64)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    source = models.CharField(max_length=12, choices=ConsentSource.choices)
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["address_hash", "purpose", "channel"], name="suppression_once", nulls_distinct=False
            ),
        ]
