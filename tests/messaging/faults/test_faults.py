"""Whatever dies while both sides write: each message once, and nothing stuck."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator

import pytest
import redis

from config.demo.processes import stop_all
from tests.messaging.faults.house import House, open_house, shoot
from tests.processes import scratch, wait_for

WRITTEN = 24


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with scratch() as folder, open_house(folder) as opened:
        yield opened


def flow(house: House, name: str, fault: Callable[[], None], *, lane_is_held: bool = False) -> None:
    """Both sides write; the fault comes in the middle, while answers are on their way."""
    written = [f"{name} in {number}" for number in range(WRITTEN)]
    answered = [f"{name} out {number}" for number in range(WRITTEN)]
    house.be_slow()
    for number in range(WRITTEN):
        house.phone_writes(number, written[number])
        house.agent_answers(number, answered[number])
        if number == WRITTEN // 2:
            wait_for(house.sends, "answers on their way")
            fault()
            house.be_quick()
    house.let_all_settle(lane_is_held=lane_is_held)
    house.assert_nothing_is_lost_doubled_or_stuck(written, answered)


def test_a_worker_that_is_killed_loses_and_doubles_nothing(house: House) -> None:
    def fault() -> None:
        house.worker.kill()
        house.worker.start()

    flow(house, "worker", fault, lane_is_held=True)


def test_a_web_process_that_is_killed_loses_and_doubles_nothing(house: House) -> None:
    def fault() -> None:
        house.web.kill()
        house.web.start()

    flow(house, "web", fault)


def test_a_redis_that_forgets_and_dies_loses_and_doubles_nothing(house: House) -> None:
    def fault() -> None:
        # What is asked for meanwhile waits in Redis, and is forgotten there.
        os.kill(house.worker.pid, signal.SIGSTOP)
        house.phone_writes(0, "forgotten nudge")
        house.agent_answers(0, "forgotten nudge")
        with redis.Redis(unix_socket_path=house.redis.socket) as client:
            client.flushall()
        assert house.redis.process
        stop_all([house.redis.process])
        house.redis.start()
        house.redis.wait()
        os.kill(house.worker.pid, signal.SIGCONT)

    flow(house, "redis", fault)
    house.assert_nothing_is_lost_doubled_or_stuck(["forgotten nudge"], ["forgotten nudge"])


def test_a_database_that_is_shot_loses_and_doubles_nothing(house: House) -> None:
    def fault() -> None:
        shoot(house.postgres)
        house.postgres.start()
        house.postgres.wait()

    flow(house, "database", fault)
