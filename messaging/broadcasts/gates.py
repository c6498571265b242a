"""What keeps a broadcast from sending: for a while, or until somebody looks at it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from django.db import connection

from messaging.broadcasts.models import Broadcast, BroadcastRecipient, BroadcastState, PauseReason
from messaging.broadcasts.texts import says_something_else
from messaging.broadcasts.withdrawing import withdraw
from messaging.channels.models import ChannelState
from messaging.contacts.consent.models import Consent
from messaging.live.events import tell
from messaging.message_templates.models import TemplateStatus
from messaging.messages.models import Message

MESSAGE, RECIPIENT, CONSENT = Message._meta.db_table, BroadcastRecipient._meta.db_table, Consent._meta.db_table
# Of the last so many messages that came to an end, so many with one and the same error are too many.
LOOKED_AT, EQUAL_ERRORS = 50, 20
# So many people, and so large a share of those reached, may opt out before somebody looks.
OPT_OUTS, OPT_OUT_SHARE = 10, 3
CHANNEL_AGAIN = timedelta(seconds=30)
# Beyond every key.
LAST = 2**63 - 1


def stop(broadcast: Broadcast, *, looks_back: bool = True) -> bool:
    """Pause the broadcast if something is wrong with it; whether it was paused. Its row is locked by the caller.

    Without `looks_back` what became of its messages is not asked: only the broadcast itself, its template and number.
    """
    reason, details = _reason(broadcast)
    if reason is None and looks_back:
        reason, details = _outcome(broadcast)
    if reason is None:
        return False
    pause_for(broadcast, reason, details)
    return True


def pause_for(broadcast: Broadcast, reason: PauseReason, details: str = "", *, takes_back: bool = True) -> bool:
    """Pause what is being sent; False when it is not. Without `takes_back` what is in the queue still goes out."""
    running = Broadcast.objects.filter(pk=broadcast.pk, state=BroadcastState.SENDING)
    if not running.update(state=BroadcastState.PAUSED, pause_reason=reason, pause_details=details):
        return False
    if takes_back:
        withdraw(broadcast, for_good=False)
    tell("broadcast", id=broadcast.public_id)
    return True


def closed_until(broadcast: Broadcast, now: datetime) -> datetime | None:
    """When to look again while nothing may be sent: in quiet hours, or while the channel does not send."""
    channel = broadcast.channel
    if channel is None or not channel.is_sending():
        return now + CHANNEL_AGAIN
    return quiet_until(broadcast, now)


def quiet_until(broadcast: Broadcast, now: datetime) -> datetime | None:
    """The end of the quiet hours that `now` lies in, by the clock of the broadcast's time zone."""
    begins, ends = broadcast.quiet_from, broadcast.quiet_until
    if begins is None or ends is None or begins == ends:
        return None
    zone = ZoneInfo(broadcast.time_zone)
    local = now.astimezone(zone)
    clock = local.time()
    is_quiet = begins <= clock < ends if begins < ends else clock >= begins or clock < ends
    if not is_quiet:
        return None
    day = local.date() + timedelta(days=1 if clock >= ends else 0)
    end = datetime.combine(day, ends, zone)
    # When the clock goes back this time comes twice. Compared in UTC, since local times know nothing of that.
    return end if end.astimezone(UTC) > now else end.replace(fold=1)


def _reason(broadcast: Broadcast) -> tuple[PauseReason | None, str]:
    template, channel = broadcast.template, broadcast.channel
    if channel is None or channel.state == ChannelState.DISCONNECTED:
        return PauseReason.CHANNEL, ""
    if template is None or template.status != TemplateStatus.APPROVED:
        return PauseReason.TEMPLATE, template.status if template else ""
    if says_something_else(broadcast):
        return PauseReason.TEMPLATE, "changed"
    return None, ""


def _outcome(broadcast: Broadcast) -> tuple[PauseReason | None, str]:
    if code := _equal_errors(broadcast):
        return PauseReason.ERRORS, code
    return (PauseReason.OPT_OUTS, "") if _many_opt_outs(broadcast) else (None, "")


def _equal_errors(broadcast: Broadcast) -> str:
    """The code that too many of the last messages failed with since it was last resumed; '' when none did.

    Rows get their messages in order, so those of the last messages lie before the first one that waits.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT error_code FROM (
                SELECT m.error_code, m.state FROM {RECIPIENT} r JOIN {MESSAGE} m ON m.id = r.message_id
                WHERE r.broadcast_id = %(id)s AND m.state IN ('sent', 'delivered', 'read', 'failed')
                    AND m.created_at > %(since)s AND r.id < COALESCE((
                        SELECT min(id) FROM {RECIPIENT}
                        WHERE broadcast_id = %(id)s AND message_id IS NULL AND skipped = ''
                    ), {LAST})
                ORDER BY r.id DESC LIMIT {LOOKED_AT}
            ) l WHERE state = 'failed' GROUP BY error_code HAVING count(*) >= {EQUAL_ERRORS}
            """,
            {"id": broadcast.pk, "since": broadcast.resumed_at or broadcast.created_at},
        )
        row = cursor.fetchone()
    return row[0] if row else ""


def _many_opt_outs(broadcast: Broadcast) -> bool:
    """Opt-outs by people's own hands since the start, among those it has reached.

    Counted from the opt-outs, and of the reached only as many as decide: either may be a million.
    """
    if broadcast.started_at is None or broadcast.ignores_opt_outs:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT count(DISTINCT r.id) FROM {CONSENT} c JOIN {RECIPIENT} r ON r.contact_id = c.contact_id
            WHERE c.state = 'opted_out' AND c.is_by_person AND c.since >= %s AND c.purpose = %s
                AND r.broadcast_id = %s AND r.message_id IS NOT NULL
            """,
            [broadcast.started_at, broadcast.purpose, broadcast.pk],
        )
        (opted_out,) = cursor.fetchone()
        if opted_out < OPT_OUTS:
            return False
        # So many that the share is not too large.
        enough = ceil(opted_out * 100 / OPT_OUT_SHARE)
        cursor.execute(
            f"""
            SELECT count(*) FROM (
                SELECT 1 FROM {RECIPIENT} WHERE broadcast_id = %s AND message_id IS NOT NULL LIMIT %s
            ) reached
            """,
            [broadcast.pk, enough],
        )
        (reached,) = cursor.fetchone()
    return reached < enough
