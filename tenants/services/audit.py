"""Writing the audit log: who, what, what it was before and what it is now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenants.models import AuditEntry, Company, StaffVisit, User


@dataclass(frozen=True)
class Actor:
    """Who acts: a person, perhaps on a visit as staff, from an address. Without a user it is the system."""

    user: User | None = None
    ip: str | None = None
    visit: StaffVisit | None = None


SYSTEM = Actor()


def record(
    actor: Actor,
    action: str,
    *,
    company: Company | None = None,
    target: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> AuditEntry:
    """Add an entry in the caller's transaction. `action` is a verb on a noun, such as `member.removed`.

    `before` and `after` hold named fields only, and never a secret.
    """
    return AuditEntry.objects.create(
        company_id=company.pk if company else None,
        company_name=company.name if company else "",
        actor_id=actor.user.pk if actor.user else None,
        actor_name=str(actor.user) if actor.user else "Botschaft",
        visit_id=actor.visit.pk if actor.visit else None,
        action=action,
        target=target[:254],
        before=dict(before or {}),
        after=dict(after or {}),
        reason=reason,
        ip=actor.ip,
    )


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both sides of the fields that differ."""
    names = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}
