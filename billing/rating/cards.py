"""The life of a rate card after its import: approved by somebody else, published, and then kept as it is."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction

from billing.markets.models import MarketPrefix
from billing.rating import published
from billing.rating.models import CardState, RateCard, hold_cards
from tenants.models import User
from tenants.services import audit
from tenants.services.audit import Actor


class SamePerson(Exception):
    """Whoever imported a card does not approve it: ask a colleague."""


class WrongState(Exception):
    """The card is not where this step begins; somebody else was first."""


class MarketsMoved(Exception):
    """A later change of the same markets is known already: publish the cards in the order of their days."""


class SameRevision(Exception):
    """A card of the same day and revision is published: import the file again, as the next revision."""


@transaction.atomic
def approve(card: RateCard, *, by: User) -> None:
    """Raises SamePerson or WrongState."""
    if card.imported_by_id == by.pk:
        raise SamePerson
    draft = RateCard.objects.filter(pk=card.pk, state=CardState.DRAFT)
    if not draft.update(state=CardState.APPROVED, approved_by_id=by.pk):
        raise WrongState
    audit.record(Actor(user=by), "rate_card.approved", target=str(card))


@transaction.atomic
def publish(card: RateCard, *, by: User | None, now: datetime) -> None:
    """From its day on the card holds. Raises WrongState, SameRevision or MarketsMoved."""
    hold_cards(card.channel_kind)
    same = {name: getattr(card, name) for name in ("channel_kind", "currency", "valid_from", "revision")}
    if RateCard.objects.filter(**same, state=CardState.PUBLISHED).exclude(pk=card.pk).exists():
        raise SameRevision
    approved = RateCard.objects.filter(pk=card.pk, state=CardState.APPROVED)
    if not approved.update(state=CardState.PUBLISHED, published_by_id=by.pk if by else None, published_at=now):
        raise WrongState
    if card.memberships and not card.is_partial:
        move_markets(card.channel_kind, card.memberships, card.valid_from)
    audit.record(Actor(user=by), "rate_card.published", target=str(card))
    transaction.on_commit(published.forget)


def move_markets(channel_kind: str, memberships: dict[str, list[str]], day: date) -> None:
    """Give every prefix the market it has from `day` on; one that is not named any more falls to all the others."""
    rows = MarketPrefix.objects.select_for_update().filter(channel_kind=channel_kind)
    if rows.filter(valid_from__gt=day).exists():
        raise MarketsMoved
    wanted = {prefix: market for market, prefixes in memberships.items() for prefix in prefixes}
    standing = list(rows.filter(valid_to=None))
    for row in standing:
        if wanted.get(row.prefix) == row.market:
            del wanted[row.prefix]
        else:
            _end(row, day)
    MarketPrefix.objects.bulk_create(
        MarketPrefix(channel_kind=channel_kind, prefix=prefix, market=market, valid_from=day)
        for prefix, market in wanted.items()
    )


def _end(row: MarketPrefix, day: date) -> None:
    """It ends the day before; one that begins on this very day never held."""
    if row.valid_from == day:
        row.delete()
    else:
        row.valid_to = day - timedelta(days=1)
        row.save(update_fields=["valid_to"])
