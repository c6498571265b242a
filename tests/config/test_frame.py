"""The frame tells where one is, also on the pages that a browser without script meets."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from messaging.messages.models import Message
from tenants.context import company_context
from tenants.models import Company, User
from tests.conftest import Browser
from tests.messaging.inbox.conftest import begin, path


def current(browser: Browser, url: str) -> list[str]:
    return [place["url"] for place in browser.get(url).context["frame"]["places"] if place["current"]]


@pytest.mark.parametrize("part", ["", "templates/", "messages/{message}/"])
def test_every_page_of_a_conversation_stands_under_the_inbox(
    acme: Company, agent: User, at: Callable[..., Browser], part: str
) -> None:
    conversation = begin(acme)
    with company_context(acme):
        message = Message.objects.latest("pk")
    url = path(conversation, part.format(message=message.public_id))
    assert current(at(acme, agent), url) == ["/inbox/"]


@pytest.mark.parametrize("url", ["/channels/connect/", "/templates/"])
def test_channels_and_templates_stand_under_the_settings(
    acme: Company, admin: User, at: Callable[..., Browser], url: str
) -> None:
    assert current(at(acme, admin), url) == ["/settings/"]
