"""The templates of an account, as its provider has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from messaging.channels.base import TemplateValue
from messaging.channels.models import Channel
from messaging.live.events import tell
from messaging.message_templates.models import MessageTemplate, TemplateStatus

# What a provider's words for an event leave a template in; any other word is kept as it is.
STATUS_AFTER = {
    "reinstated": TemplateStatus.APPROVED,
    "unarchived": TemplateStatus.APPROVED,
    "unpaused": TemplateStatus.APPROVED,
    "in_appeal": TemplateStatus.PENDING,
}
GONE = "deleted"
# A flag is a warning: the template can still be sent.
NO_CHANGE = {"flagged"}
CATEGORY, QUALITY, STATUS = (
    "template_category_update",
    "message_template_quality_update",
    "message_template_status_update",
)


@transaction.atomic
def sync(channel: Channel, values: Sequence[TemplateValue], *, now: datetime | None = None) -> int:
    """Take over all templates of the channel's account; those the provider has no more are marked as deleted.

    `now` is when the provider was asked: what it told of a template since then is newer than its list.
    """
    now = now or timezone.now()
    account = channel.account_external_id
    ours = MessageTemplate.objects.filter(account_external_id=account)
    newer = set(ours.filter(synced_at__gt=now).values_list("name", "language"))
    listed = {(value.name, value.language): _row(account, value, now) for value in values}
    rows = {key: row for key, row in listed.items() if key not in newer}
    MessageTemplate.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=["account_external_id", "name", "language"],
        update_fields=[
            "external_id",
            "category",
            "status",
            "components",
            "parameter_format",
            "quality",
            "rejected_reason",
            "synced_at",
        ],
    )
    ours.filter(synced_at__lt=now).exclude(status=GONE).update(status=GONE, synced_at=now)
    tell("templates", account=account)
    return len(listed)


@transaction.atomic
def apply_event(account: str, kind: str, value: Mapping[str, Any], *, at: datetime) -> bool:
    """What a provider tells of one template; False for one we do not know, or when a newer status is known already."""
    template = _named(account, value)
    if template is None or at < template.synced_at:
        return False
    changes = _changes(kind, value)
    if not changes:
        return False
    if kind == STATUS:
        changes["synced_at"] = at
    MessageTemplate.objects.filter(pk=template.pk).update(**changes)
    tell("templates", account=account)
    return True


def _row(account: str, value: TemplateValue, now: datetime) -> MessageTemplate:
    return MessageTemplate(
        account_external_id=account,
        external_id=value.external_id[:64],
        name=value.name[:512],
        language=value.language[:16],
        category=value.category.lower()[:32],
        status=_status(value.status),
        components=[*value.components],
        parameter_format=value.parameter_format[:16],
        quality=value.quality[:16],
        rejected_reason=value.rejected_reason[:200],
        synced_at=now,
    )


def _named(account: str, value: Mapping[str, Any]) -> MessageTemplate | None:
    ours = MessageTemplate.objects.select_for_update().filter(account_external_id=account)
    by_id = ours.filter(external_id=str(value.get("message_template_id", ""))).exclude(external_id="").first()
    return (
        by_id
        or ours.filter(
            name=str(value.get("message_template_name", "")), language=str(value.get("message_template_language", ""))
        ).first()
    )


def _changes(kind: str, value: Mapping[str, Any]) -> dict[str, Any]:
    said = {key: found for key, found in value.items() if isinstance(found, str)}
    if kind == QUALITY and said.get("new_quality_score"):
        return {"quality": said["new_quality_score"][:16]}
    if kind == CATEGORY and said.get("new_category"):
        return {"category": said["new_category"].lower()[:32]}
    if kind == STATUS and (event := said.get("event", "").lower()) and event not in NO_CHANGE:
        reason = said.get("reason", "")
        return {"status": _status(event), "rejected_reason": "" if reason == "NONE" else reason[:200]}
    return {}


def _status(word: str) -> str:
    word = word.lower()
    return str(STATUS_AFTER.get(word, word))[:32]
