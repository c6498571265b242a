"""Workers that are killed while messages flow and the provider reports to a web process of ours.

A worker's clock is set past the leases and graces of those that were killed before it, so that they end without being
waited for; reports come in real time before the next one starts. A message counts as doubled when the provider took it
twice, under whatever attempt.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from random import Random

from django.utils import timezone

from messaging.messages import claiming
from messaging.messages.models import Lane
from tenants.context import company_context
from tests.benchmarks.delivery.world import NUMBER, World, world
from tests.benchmarks.report import Figure, Goal
from tests.processes import Program, running, wait_for

MESSAGES, KILLS = 10_000, 25
LIMIT = 1000
# A killed worker's messages are known to be without an outcome after the one, and go again after the other.
ATTEMPT, GRACE = claiming.ATTEMPT.total_seconds() + 1, claiming.GRACE[Lane.BULK].total_seconds() + 1
REPORTS = {"sent_ms": 20, "delivered_ms": 50, "read_share": 0.0}
NONE = Goal(0, "lower")


def measure() -> list[Figure]:
    with world(people=MESSAGES, address_name="kills") as made, made.receiving():
        made.set_rate(LIMIT)
        made.sandbox.knobs(NUMBER, **REPORTS)
        made.queue(MESSAGES)
        ahead, left = _kill_many(made, Random(1))
        _finish(made, ahead)
        references = made.sandbox.api("GET", f"/accepted?number={NUMBER}&references=1")["references"]
        states = made.states()
    accepted = Counter(reference.partition(".")[0] for reference in references)
    ended = sum(states.get(state, 0) for state in ("sent", "delivered", "read"))
    return [
        Figure("kills", KILLS, ""),
        Figure("doubled_after_kills", sum(times - 1 for times in accepted.values()), "", NONE),
        Figure("lost_after_kills", MESSAGES - min(len(accepted), ended), "", NONE),
        Figure("open_when_killed", left, ""),
    ]


def _kill_many(world: World, random: Random) -> tuple[float, int]:
    """Kill workers somewhere on their way; how far ahead the clock is, and how many messages they left open."""
    ahead, left = 0.0, 0
    for _ in range(KILLS):
        until = _accepted(world) + random.randint(20, MESSAGES // KILLS - 40)
        with running(_pump(world, ahead)) as pump:
            wait_for(lambda until=until: _accepted(world) >= until, "messages on their way", 60)
            pump.kill()
        left += world.states().get("sending", 0)
        _settle(world)
        # First it is found that they have no outcome, and then that nobody has heard of them.
        ahead += ATTEMPT
        _sweep(world, ahead)
        ahead += GRACE
    return ahead, left


def _finish(world: World, ahead: float) -> None:
    """Let the last worker come to an end."""
    with running(_pump(world, ahead)) as pump:
        assert pump.popen
        assert pump.popen.wait(120) == 0, "the pump did not come to its end"
    _settle(world)


def _sweep(world: World, ahead: float) -> None:
    with company_context(world.company):
        # Some hundreds at a time.
        while claiming.expire(timezone.now() + timedelta(seconds=ahead)):
            pass


def _settle(world: World) -> None:
    """Until every report has arrived and was worked on."""
    world.sandbox.settle(within=0.3, timeout=20)
    wait_for(lambda: not world.webhooks_waiting(), "the reports", 60)


def _pump(world: World, ahead: float) -> Program:
    line = f"tests.benchmarks.pump_ahead {world.company.schema_name} {ahead}"
    return Program(line, world.folder / "pump.log", world.env)


def _accepted(world: World) -> int:
    return int(world.sandbox.accepted(NUMBER, items=False)["total"])
