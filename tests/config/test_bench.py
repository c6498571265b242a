"""The rows for looking at the inbox under load are like those of the product."""

from __future__ import annotations

from config import bench
from messaging.channels.models import Channel, ChannelState
from messaging.conversations.models import Conversation
from messaging.messages.models import Direction, Message
from messaging.messages.wording import preview_of
from tenants.context import company_context
from tenants.models import Company, User


def test_as_many_as_were_asked_for_and_the_list_fits_the_messages(acme: Company, agent: User) -> None:
    with company_context(acme):
        bench.make_conversations(40, 300, assignees=[agent.pk])
        assert Conversation.objects.count() == 40
        assert Message.objects.count() == 300
        for one in Conversation.objects.prefetch_related("messages"):
            newest = one.messages.latest("at")
            assert one.preview == preview_of(newest.type, newest.text)
            assert one.preview_direction == newest.direction
            assert one.last_message_at == newest.at
            assert one.messages.earliest("at").direction == Direction.INBOUND


def test_nothing_can_be_sent_through_a_number_that_was_made_for_it(acme: Company) -> None:
    with company_context(acme):
        bench.make_conversations(2, 4, assignees=[])
        assert Channel.objects.get().state == ChannelState.DISCONNECTED
