"""Whether a number's limit is kept, by the times at which messages arrive at the provider.

The limit is the number's: replies have a fifth of it for themselves and bulk the rest, so that both lanes together use
all of it and one alone does not. Both are full here, each with a worker of its own as in production.
"""

from __future__ import annotations

from messaging.messages.models import Lane
from messaging.messages.pacing import lane_rate
from messaging.messages.tasks import deliver_bulk, deliver_replies
from tests.benchmarks.delivery.world import KNOBS, NO_LIMIT, NUMBER, World
from tests.benchmarks.report import Figure, Goal
from tests.processes import beat, running, wait_for, worker

LIMITS = (80, 1000)
# Looked at from the second second on, when every connection is open and what was saved up is spent.
SETTLING, SECONDS = 1.0, 8.0
MARGIN = Goal(2, "lower")
# One message each, for somewhat longer than is looked at.
PEOPLE = round(max(LIMITS) * (SETTLING + SECONDS + 2))


def measure(world: World) -> list[Figure]:
    figures: list[Figure] = []
    with (
        running(worker(world.folder, "bulk", world.env, "--pool=solo --hostname=bulk@%h")),
        running(worker(world.folder, "replies", world.env, "--pool=solo --hostname=replies@%h")),
        # Who was refused rests, and the sweep asks again.
        running(worker(world.folder, "default", world.env, "--pool=solo --hostname=default@%h")),
        running(beat(world.folder, world.env)),
    ):
        for limit in LIMITS:
            figures += _limit(world, limit)
    world.set_rate(NO_LIMIT)
    return figures


def _limit(world: World, limit: int) -> list[Figure]:
    world.forget_messages()
    world.set_rate(limit)
    # The provider counts too, and would refuse.
    world.sandbox.knobs(NUMBER, throughput=limit)
    refused = world.sandbox.accepted(NUMBER, items=False)["refused"].get("130429", 0)
    for_bulk, for_replies = (
        round(lane_rate(limit, lane) * (SETTLING + SECONDS + 2)) for lane in (Lane.BULK, Lane.REPLIES)
    )
    world.queue(for_bulk, Lane.BULK)
    world.queue(for_replies, Lane.REPLIES, after=for_bulk)
    deliver_bulk.nudge(world.company)
    deliver_replies.nudge(world.company)
    wait_for(lambda: world.waiting() == 0, "the lanes", 60)
    told = world.sandbox.accepted(NUMBER)
    world.sandbox.knobs(NUMBER, **KNOBS)
    arrived = sorted(message["at"] for message in told["items"])
    rate = rate_of(arrived)
    return [
        Figure(f"rate_at_limit_{limit}", rate, "/s", spread=_spread(arrived)),
        Figure(f"off_limit_{limit}_percent", abs(rate / limit - 1) * 100, "%", MARGIN),
        Figure(f"refused_at_limit_{limit}", told["refused"].get("130429", 0) - refused, "", Goal(0, "lower")),
    ]


def rate_of(arrived: list[float]) -> float:
    start = arrived[0] + SETTLING
    return sum(start <= at < start + SECONDS for at in arrived) / SECONDS


def _spread(arrived: list[float]) -> tuple[float, float]:
    """The slowest and the fastest single second."""
    start = arrived[0] + SETTLING
    seconds = [sum(start + n <= at < start + n + 1 for at in arrived) for n in range(int(SECONDS))]
    return min(seconds), max(seconds)
