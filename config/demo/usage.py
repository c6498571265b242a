"""Some months of usage of a demo company, told to metering as messaging tells it: notices by day, answers by people."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from billing.usage.metering import Origin, UsageFact, record_usage
from messaging.channels.models import Channel
from tenants.models import Company

ZONE = ZoneInfo("Europe/Berlin")
BATCH = 2000
OPENS, CLOSES = time(7, 30), time(20, 0)
SATURDAY = 5


@dataclass(frozen=True)
class Volume:
    """So many a working day; `weekend` is the share of that on Saturdays and Sundays."""

    prefix: str
    category: str
    origin: Origin
    a_day: int
    weekend: float = 0.3


VOLUMES = {
    "hansen": (
        Volume("+491511", "utility", Origin.NOTIFICATION, 38),
        Volume("+491511", "service", Origin.REPLY, 16, 0.1),
        Volume("+452012", "utility", Origin.NOTIFICATION, 3),
        Volume("+316123", "utility", Origin.NOTIFICATION, 2),
        Volume("+485123", "utility", Origin.NOTIFICATION, 3),
    ),
    "nordwind": (
        Volume("+491511", "utility", Origin.NOTIFICATION, 34, 1.2),
        Volume("+447700", "utility", Origin.NOTIFICATION, 15, 1.2),
        Volume("+346123", "utility", Origin.NOTIFICATION, 9, 1.2),
        Volume("+336123", "utility", Origin.NOTIFICATION, 7, 1.2),
        Volume("+467012", "utility", Origin.NOTIFICATION, 5, 1.2),
        Volume("+491511", "authentication", Origin.NOTIFICATION, 14, 0.8),
        Volume("+447700", "service", Origin.REPLY, 18, 0.6),
    ),
}


def use_for_months(company: Company, channel: Channel, name: str, *, since: date, now: datetime) -> int:
    """Everything that was delivered since then; how many messages. Told again it is none."""
    random = Random(name)  # noqa: S311  (the same at every start)
    told, facts = 0, list(_facts(channel, name, since, now, random))
    for start in range(0, len(facts), BATCH):
        told += record_usage(company, facts[start : start + BATCH])
    return told


def _facts(channel: Channel, name: str, since: date, now: datetime, random: Random) -> Iterator[UsageFact]:
    day = since
    while day <= now.astimezone(ZONE).date():
        for number, volume in enumerate(VOLUMES[name]):
            usual = volume.a_day * (volume.weekend if day.weekday() >= SATURDAY else 1)
            for one in range(round(usual * random.uniform(0.75, 1.25))):
                at = _moment(day, random)
                if at < now:
                    yield _fact(channel, volume, f"{name}/{day}/{number}/{one}", at)
        day += timedelta(days=1)


def _moment(day: date, random: Random) -> datetime:
    opens, closes = (datetime.combine(day, clock, ZONE) for clock in (OPENS, CLOSES))
    return opens + (closes - opens) * random.triangular(0, 1, 0.35)


def _fact(channel: Channel, volume: Volume, seed: str, at: datetime) -> UsageFact:
    key = hashlib.sha256(seed.encode()).hexdigest()
    is_free = volume.category == "service"
    return UsageFact(
        message_public_id=key[:16],
        conversation_public_id=key[16:32],
        channel_kind=channel.kind,
        channel_public_id=channel.public_id,
        number=channel.external_id,
        account_external_id=channel.account_external_id,
        address=f"{volume.prefix}{int(key[:8], 16) % 10**7:07}",
        category=volume.category,
        pricing_type="free_customer_service" if is_free else "regular",
        verified=True,
        origin=volume.origin,
        occurred_at=at,
    )
