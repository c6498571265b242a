from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.lib.ids import new_public_id
from tenants.models.company import Company
from tenants.models.user import User


class SignUp(models.Model):
    """A company that wants to open, until its e-mail is proved: waiting ─► confirmed, or past its `expires_at`.

    It holds the address name for as long as it may still be confirmed.
    """

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    company_name = models.CharField(max_length=120)
    address_name = models.CharField(max_length=40)
    country = models.CharField(max_length=2)
    vat_id = models.CharField(max_length=20, blank=True)
    person_name = models.CharField(max_length=120)
    email = models.EmailField(_("e-mail"))
    password_hash = models.CharField(max_length=200)
    language = models.CharField(max_length=5)
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    company = models.OneToOneField(Company, on_delete=models.SET_NULL, null=True, related_name="sign_up")

    class Meta:
        constraints = [
            # Two clicks on the same button make one sign-up.
            models.UniqueConstraint(
                fields=["address_name"], condition=models.Q(confirmed_at=None), name="sign_up_holds_address"
            )
        ]


class EnterLink(models.Model):
    """Carries a signed-in person from one of our hosts to a company's, once and within a minute.

    Cookies are bound to one host, so the way from the public site into a company needs a ticket.
    """

    token_hash = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="+")
    visit = models.ForeignKey("tenants.StaffVisit", on_delete=models.CASCADE, null=True, related_name="+")
    authentication = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
