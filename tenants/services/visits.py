"""Staff inside a company: only for a reason, for a time, read-only, and seen by its admins."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.models import Company, CompanyState, Session, StaffVisit
from tenants.services import audit
from tenants.services.audit import Actor
from tenants.services.errors import Refused

LENGTHS = {15: timedelta(minutes=15), 30: timedelta(minutes=30), 60: timedelta(minutes=60)}


@transaction.atomic
def begin_visit(company: Company, *, actor: Actor, reason: str, minutes: int) -> StaffVisit:
    """Start a visit; one still running of the same person there is ended first. Refused before the company is open."""
    if actor.user is None or not actor.user.is_staff:
        raise Refused(_("Only staff may visit a company."))
    if company.state == CompanyState.OPENING:
        raise Refused(_("This company is not open yet."))
    now = timezone.now()
    for former in StaffVisit.objects.running(now).filter(company=company, staff=actor.user):
        end_visit(former, actor=actor)
    visit = StaffVisit.objects.create(
        company=company, staff=actor.user, reason=reason, started_at=now, ends_at=now + LENGTHS[minutes]
    )
    audit.record(
        Actor(user=actor.user, ip=actor.ip, visit=visit),
        "visit.began",
        company=company,
        target=str(actor.user),
        after={"minutes": minutes},
        reason=reason,
    )
    return visit


@transaction.atomic
def end_visit(visit: StaffVisit, *, actor: Actor) -> bool:
    """End a visit and its sessions at once; False when it was over."""
    now = timezone.now()
    Session.objects.filter(user=visit.staff_id, company=visit.company_id).delete()
    if not StaffVisit.objects.running(now).filter(pk=visit.pk).update(ended_at=now):
        return False
    audit.record(
        Actor(user=actor.user, ip=actor.ip, visit=visit), "visit.ended", company=visit.company, target=str(visit.staff)
    )
    return True


def count_page(visit: StaffVisit) -> None:
    """Note that a page was seen."""
    StaffVisit.objects.filter(pk=visit.pk).update(pages_seen=F("pages_seen") + 1)
