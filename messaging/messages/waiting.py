"""What waits for a channel: shown where somebody decides about it, and let be when it is disconnected."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone

from messaging.channels import services as channels
from messaging.channels.models import Channel, SendingLane
from messaging.messages.claiming import CHANNEL_GONE
from messaging.messages.models import Message, MessageState
from messaging.messages.news import Changed, tell_changed
from messaging.messages.reserving import let_go
from tenants.context import current_company
from tenants.services import audit
from tenants.services.audit import Actor

MESSAGE, CHANNEL = Message._meta.db_table, Channel._meta.db_table
# A page need not know more exactly; a broadcast may have put a million rows into the queue.
MOST = 1000


@dataclass(frozen=True)
class Waiting:
    """`queued` stops at MOST, then there `is_more`. Of `unknown` ones nobody heard whether they arrived."""

    queued: int = 0
    unknown: int = 0

    @property
    def is_more(self) -> bool:
        return self.queued > MOST

    @property
    def shown(self) -> int:
        return min(self.queued, MOST)


def waiting_by_channel() -> dict[int, Waiting]:
    """For every channel, in one query over the two small indexes of what is on its way."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT c.id,
                (SELECT count(*) FROM (
                    SELECT 1 FROM {MESSAGE} m WHERE m.channel_id = c.id AND m.state = 'queued' LIMIT {MOST + 1}) q),
                (SELECT count(*) FROM {MESSAGE} m
                    WHERE m.state IN ('sending', 'unknown') AND m.state = 'unknown' AND m.channel_id = c.id)
            FROM {CHANNEL} c
            """
        )
        return {pk: Waiting(queued, unknown) for pk, queued, unknown in cursor.fetchall()}


@transaction.atomic
def disconnect(channel: Channel, *, actor: Actor) -> int:
    """Forget the secrets and the way of the webhooks; what still waited is not sent. How many messages that were.

    Somebody may connect the number again months later; an old answer must not go out then.
    """
    # Whoever is writing a message for it holds it until the commit, and who comes later sees that it is gone. Messages
    # may refer to it meanwhile: a report may hold the budget that is given back below.
    Channel.objects.select_for_update(no_key=True).get(pk=channel.pk)
    # A pump that is at it puts back what it did not get rid of: before this, or when it can see that nothing waits.
    list(SendingLane.objects.select_for_update().filter(channel=channel).order_by("pk"))
    waiting = Message.objects.filter(channel=channel, state=MessageState.QUEUED)
    told = list(waiting.order_by("-pk").values_list("public_id", "conversation__public_id")[:MOST])
    paid = list(waiting.values_list("public_id", flat=True))
    let_be = waiting.update(
        state=MessageState.FAILED,
        error_code=CHANNEL_GONE,
        error_details="",
        attempt_token="",
        lease_until=None,
        failed_at=timezone.now(),
    )
    audit.record(
        actor,
        "channel.disconnected",
        company=current_company(),
        target=channel.name,
        after={"channel_address": channel.display_address, "count": let_be},
    )
    let_go(paid)
    # From here on live events are told: everybody locks their counter last.
    channels.disconnect(channel)
    tell_changed([Changed(public_id, conversation, MessageState.FAILED) for public_id, conversation in told])
    return let_be
