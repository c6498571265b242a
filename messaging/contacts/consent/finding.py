"""Contacts by whether they get news: everybody is in exactly one of the three parts."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from messaging.channels.models import Channel
from messaging.contacts.consent.models import Consent, ConsentState, Purpose
from messaging.contacts.models import Contact


class Standing(TextChoices):
    MAY = "may", _("may get news")
    NOT_AGREED = "not_agreed", _("have not agreed")
    OPTED_OUT = "opted_out", _("have opted out")


def standing_as(people: QuerySet[Contact], standing: str) -> QuerySet[Contact]:
    """Those who may get news through at least one number; who said nothing; who stopped it."""
    news = Consent.objects.filter(contact=OuterRef("pk"), purpose=Purpose.MARKETING)
    channels = list(Channel.objects.usable().values_list("pk", flat=True))
    may = _may(news, channels)
    if standing == Standing.MAY:
        return people.filter(may)
    decided = Exists(news.filter(Q(channel=None) | Q(channel__in=channels)))
    return people.filter(decided, ~may) if standing == Standing.OPTED_OUT else people.filter(~decided)


def _may(news: QuerySet[Consent], channels: list[int]) -> Q:
    """consent.standing.decide for any of the numbers, as a condition."""
    agreed, stopped = Q(state=ConsentState.OPTED_IN), Q(state=ConsentState.OPTED_OUT)
    everywhere = Exists(news.filter(agreed, channel=None))
    if not channels:
        return Q(everywhere)
    stop = Consent.objects.filter(
        contact=OuterRef("contact"), purpose=OuterRef("purpose"), channel=None, state=ConsentState.OPTED_OUT
    )
    # The person's own later word for a number goes before a general stop.
    earlier = stop.filter(since__lt=OuterRef("since"))
    here = news.filter(agreed, channel__in=channels).filter(~Exists(stop) | Q(Exists(earlier), is_by_person=True))
    some_is_open = Q()
    for channel in channels:
        some_is_open |= Q(~Exists(news.filter(stopped, channel=channel)))
    return Q(Exists(here)) | (Q(everywhere) & some_is_open)
