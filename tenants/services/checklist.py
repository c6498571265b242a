"""The set-up guide of a new company. Each part of the house adds its own steps; what is done is asked, not kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.utils.translation import gettext_lazy as _

from tenants.models import Company, Invitation, Membership, User

Done = Callable[[Company, User], bool]


@dataclass(frozen=True)
class Step:
    """One thing to do: `url_name` is the page where it is done."""

    key: str
    order: int
    title: Any
    help: Any
    url_name: str
    done: Done


@dataclass(frozen=True)
class StepState:
    step: Step
    done: bool


_steps: dict[str, Step] = {}


def register(step: Step) -> None:
    _steps[step.key] = step


def state_of(company: Company, user: User) -> list[StepState]:
    """Every step in order, with whether it is done."""
    ordered = sorted(_steps.values(), key=lambda step: step.order)
    return [StepState(step, step.done(company, user)) for step in ordered]


def _has_colleague(company: Company, user: User) -> bool:
    return (
        Membership.objects.filter(company=company).exclude(user=user).exists()
        or Invitation.objects.waiting().filter(company=company).exists()
    )


register(
    Step(
        "details",
        10,
        _("Complete the company's details"),
        _("With a VAT id your invoices are right from the first one."),
        "company_settings",
        lambda company, user: bool(company.vat_id),
    )
)
register(
    Step(
        "two_factor",
        20,
        _("Protect your sign-in"),
        _("A second factor keeps your customers' messages safe when a password gets lost."),
        "security",
        lambda company, user: is_mfa_enabled(user),
    )
)
register(
    Step(
        "colleague",
        30,
        _("Invite a colleague"),
        _("Support agents answer customers; company admins also see costs and settings."),
        "team",
        _has_colleague,
    )
)
