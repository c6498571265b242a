from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.lib.ids import new_public_id
from tenants.models.company import Company
from tenants.models.user import User


class Role(models.TextChoices):
    """What a member is in one company. A company admin may do all that a support agent may."""

    AGENT = "agent", _("Support agent")
    ADMIN = "admin", _("Company admin")

    def includes(self, other: Role) -> bool:
        return self in {other, Role.ADMIN}


class Membership(models.Model):
    """A person's place in a company."""

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=8, choices=Role.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "user"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def waiting(self) -> InvitationQuerySet:
        """Neither accepted nor withdrawn; they may have run out, then they can be sent again."""
        return self.filter(accepted_at=None, withdrawn_at=None)

    def usable(self, now: datetime) -> InvitationQuerySet:
        return self.waiting().filter(expires_at__gt=now)


class Invitation(models.Model):
    """An offer by e-mail to join a company: waiting ─► accepted | withdrawn, or past its `expires_at`."""

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail"))
    role = models.CharField(_("role"), max_length=8, choices=Role.choices)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company", "email"],
                condition=models.Q(accepted_at=None, withdrawn_at=None),
                name="invitation_one_waiting",
            )
        ]

    def __str__(self) -> str:
        return self.email
