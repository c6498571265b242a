from __future__ import annotations

from collections.abc import Iterator

import pytest

from messaging.sandbox.testing import Sandbox, running

from .houses import ANA, HOUSES, House


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running() as found:
        yield found


@pytest.fixture(params=HOUSES)
def house(request: pytest.FixtureRequest, sandbox: Sandbox) -> House:
    return HOUSES[request.param](sandbox)


@pytest.fixture
def open_house(house: House) -> House:
    """The person has just written, so that anything may be answered."""
    house.sandbox.person_writes(house.credentials.external_id, ANA, "Hello?")
    house.sandbox.settle()
    return house
