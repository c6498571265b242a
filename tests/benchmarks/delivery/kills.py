"""Workers that are killed while messages flow and the provider reports to a web process of ours.

A worker's clock is set ahead by each one that was killed before, so that leases and graces end without being waited
for; reports come in real time. A message counts as doubled when the provider took it twice, under whatever attempt.
"""

from __future__ import annotations

from collections import Counter
from random import Random

from messaging.messages import claiming, lanes
from messaging.messages.models import Lane
from tests.benchmarks.delivery.world import NUMBER, World, world
from tests.benchmarks.report import Figure, Goal
from tests.processes import Program, running, wait_for

MESSAGES, KILLS = 10_000, 25
LIMIT = 1000
# A killed worker's lane is free after this, and its messages are known to be without an outcome after the other.
LANE, ATTEMPT = lanes.LEASE.total_seconds() + 1, claiming.ATTEMPT.total_seconds() + 1
GRACE = claiming.GRACE[Lane.BULK].total_seconds() + 1
NONE = Goal(0, "lower")


def measure() -> list[Figure]:
    with world(people=MESSAGES, address_name="kills") as made, made.receiving():
        made.set_rate(LIMIT)
        made.queue(MESSAGES)
        ahead = _kill_many(made, Random(1))
        left = _finish(made, ahead)
        references = made.sandbox.api("GET", f"/accepted?number={NUMBER}&references=1")["references"]
        states = made.states()
    accepted = Counter(reference.partition(".")[0] for reference in references)
    ended = sum(states.get(state, 0) for state in ("sent", "delivered", "read"))
    return [
        Figure("kills", KILLS, ""),
        Figure("doubled_after_kills", sum(times - 1 for times in accepted.values()), "", NONE),
        Figure("lost_after_kills", MESSAGES - min(len(accepted), ended), "", NONE),
        Figure("without_outcome_when_killed", left, ""),
    ]


def _kill_many(world: World, random: Random) -> float:
    """Start a worker and kill it somewhere on its way; how far ahead the clock is at the end."""
    ahead = 0.0
    for _ in range(KILLS):
        until = _accepted(world) + random.randint(20, MESSAGES // KILLS)
        with running(_pump(world, ahead)) as pump:
            wait_for(lambda until=until: _accepted(world) >= until, "messages on their way", 60)
            pump.kill()
        ahead += LANE
    return ahead


def _finish(world: World, ahead: float) -> int:
    """Let the last worker come to an end, past every lease and grace; how many were without an outcome before."""
    wait_for(lambda: _run(world, ahead) or True, "the rest", 300)
    _settle(world)
    states = world.states()
    left = states.get("sending", 0) + states.get("unknown", 0)
    for wait in (ATTEMPT, GRACE, ATTEMPT):
        ahead += wait
        _run(world, ahead)
        _settle(world)
    return left


def _run(world: World, ahead: float) -> None:
    with running(_pump(world, ahead)) as pump:
        assert pump.popen
        assert pump.popen.wait(120) == 0, "the pump did not come to its end"


def _settle(world: World) -> None:
    """Until every report has arrived and was worked on."""
    world.sandbox.settle(within=10, timeout=20)
    wait_for(lambda: not world.webhooks_waiting(), "the reports", 60)


def _pump(world: World, ahead: float) -> Program:
    line = f"tests.benchmarks.delivery.pump_ahead {world.company.schema_name} {ahead}"
    return Program(line, world.folder / "pump.log", world.env)


def _accepted(world: World) -> int:
    return int(world.sandbox.accepted(NUMBER, items=False)["total"])
