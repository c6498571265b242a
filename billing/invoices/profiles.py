"""The buyer's side of an invoice: who a company is in law, where it is, and who gets its invoices."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from billing.invoices.models import BillingProfile
from tenants.lib.text import plain_name
from tenants.models import Company, Membership, Role
from tenants.services import audit
from tenants.services.audit import Actor
from tenants.services.errors import Refused

CHANGEABLE = (
    "legal_name",
    "street",
    "street_more",
    "postcode",
    "city",
    "buyer_reference",
    "order_number",
    "recipients",
    "payment_terms_days",
)
MOST_RECIPIENTS = 10
# A postcode is not needed everywhere (Ireland's small places, Hong Kong, the Emirates).
NEEDED = ("street", "city")


def profile_of(company: Company) -> BillingProfile:
    """A company's profile; an empty one, not saved, when nothing is known yet."""
    return BillingProfile.objects.filter(company=company).first() or BillingProfile(company=company)


@transaction.atomic
def change_profile(company: Company, *, actor: Actor, **details: Any) -> BillingProfile:
    """Change what invoices to a company say from now on; issued ones keep what they said."""
    profile, _made = BillingProfile.objects.select_for_update().get_or_create(company=company)
    if "recipients" in details:
        details["recipients"] = checked_recipients(details["recipients"])
    # A sign that cannot be seen cannot be in an e-invoice either.
    details |= {name: plain_name(value) for name, value in details.items() if isinstance(value, str)}
    former = {name: getattr(profile, name) for name in CHANGEABLE}
    before, after = audit.changes(former, {name: details[name] for name in CHANGEABLE if name in details})
    if after:
        for name, value in after.items():
            setattr(profile, name, value)
        profile.save(update_fields=list(after))
        audit.record(actor, "billing_profile.changed", company=company, target=company.name, before=before, after=after)
    return profile


def checked_recipients(addresses: list[str]) -> list[str]:
    """Each once, in the order written; Refused when one is no e-mail address."""
    cleaned = list(dict.fromkeys(address.strip().lower() for address in addresses if address.strip()))
    if len(cleaned) > MOST_RECIPIENTS:
        raise Refused(_("At most %(count)s addresses get an invoice.") % {"count": MOST_RECIPIENTS}, field="recipients")
    for address in cleaned:
        try:
            validate_email(address)
        except ValidationError:
            raise Refused(_("“%(text)s” is not an e-mail address.") % {"text": address}, field="recipients") from None
    return cleaned


def recipients_of(company: Company) -> list[str]:
    """Who gets a company's invoices: those it named, else its admins, those of longest standing first."""
    named = list(profile_of(company).recipients)
    if named:
        return named
    admins = Membership.objects.filter(company=company, role=Role.ADMIN, user__is_active=True)
    return list(admins.order_by("pk").values_list("user__email", flat=True)[:MOST_RECIPIENTS])


def buyer_facts(company: Company, profile: BillingProfile) -> dict[str, str]:
    """The company as it is today, to be copied onto an invoice."""
    return {
        "name": profile.legal_name or company.name,
        "street": profile.street,
        "street_more": profile.street_more,
        "postcode": profile.postcode,
        "city": profile.city,
        "country": company.country,
        "vat_id": company.vat_id,
        "email": (profile.recipients or [""])[0],
    }


def missing_buyer_facts(company: Company) -> list[str]:
    """The names of profile fields an invoice cannot do without, that are empty."""
    profile = profile_of(company)
    return [name for name in NEEDED if not getattr(profile, name)]
