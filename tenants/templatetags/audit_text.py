"""The audit log in sentences: who did what to whom, and which fields it changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, gettext_lazy as _

from tenants.lib import countries
from tenants.models import AuditEntry, CompanyState, Role
from tenants.templatetags.ui import money, month_name, short_date

register = template.Library()

# An action's code → what happened. {actor} is who did it, {target} whom or what it was done to.
SENTENCES: Mapping[str, Any] = {
    "staff.created": _("{actor} made {target} staff."),
    "company.signed_up": _("{actor} signed up {target}."),
    "company.opened": _("{actor} opened the space of {target}."),
    "company.changed": _("{actor} changed the company's details."),
    "company.address_changed": _("{actor} changed the company's address to {address_name}."),
    "company.suspended": _("{actor} suspended {target}."),
    "company.lifted": _("{actor} lifted the suspension of {target}."),
    "invitation.sent": _("{actor} invited {target} as: {role}."),
    "invitation.renewed": _("{actor} invited {target} again as: {role}."),
    "invitation.withdrawn": _("{actor} withdrew the invitation to {target}."),
    "member.joined": _("{actor} joined as: {role}."),
    "member.role_changed": _("{actor} changed the role of {target} to: {role}."),
    "member.removed": _("{actor} removed {target} from the team."),
    "person.signed_in": _("{actor} signed in."),
    "person.password_changed": _("{actor} changed the password."),
    "person.password_reset": _("{actor} set a new password by e-mail."),
    "person.password_set": _("{actor} set a password."),
    "person.totp_activated": _("{actor} turned on two-factor sign-in."),
    "person.totp_deactivated": _("{actor} turned off two-factor sign-in."),
    "person.recovery_codes_generated": _("{actor} made new recovery codes."),
    "session.ended": _("{actor} signed out another device."),
    "session.others_ended": _("{actor} signed out everywhere else."),
    "channel.connected": _("{actor} connected the number {target}."),
    "channel.renewed": _("{actor} connected the number {target} anew."),
    "channel.reports_here": _("{actor} had Meta report about {target} to us."),
    "channel.paused": _("{actor} paused the number {target}."),
    "channel.resumed": _("{actor} let the number {target} go on."),
    "channel.renamed": _("{actor} renamed the number {target}."),
    "channel.disconnected": _("{actor} disconnected the number {target}."),
    "broadcast.started": _("{actor} sent the broadcast {target}."),
    "broadcast.scheduled": _("{actor} scheduled the broadcast {target}."),
    "broadcast.unscheduled": _("{actor} took the broadcast {target} off the schedule."),
    "broadcast.paused": _("{actor} paused the broadcast {target}."),
    "broadcast.resumed": _("{actor} resumed the broadcast {target}."),
    "broadcast.cancelled": _("{actor} cancelled the broadcast {target}."),
    "broadcast.tested": _("{actor} sent a test of the broadcast {target}."),
    "broadcast.deleted": _("{actor} deleted the draft of the broadcast {target}."),
    "visit.began": _("{actor} began a staff visit for {minutes} minutes."),
    "visit.ended": _("{actor} ended the staff visit of {target}."),
    "plan.changed": _("{actor} changed the plan to {target}."),
    "plan.kept": _("{actor} took back the change of the plan: {target} stays."),
    "budget.changed": _("{actor} changed the month's budget."),
    "budget.removed": _("{actor} removed the month's budget."),
    "billing_profile.changed": _("{actor} changed the invoice details."),
    "invoice.approved": _("{actor} approved the invoice for {target}."),
    "invoice.approval_withdrawn": _("{actor} took back the approval of the invoice for {target}."),
    "invoice.issued": _("{actor} issued {target}."),
    "invoice.sent": _("{actor} sent {target}."),
    "invoice.correction_drafted": _("{actor} drafted a correction of {target}."),
    "invoice.correction_dropped": _("{actor} threw away the draft of a correction of {target}."),
    "invoice.written_off": _("{actor} wrote off {target}."),
    "month.collected_again": _("{actor} had the charges of {target} collected again."),
    "payment.recorded": _("{actor} booked a payment of {target}."),
    "payment.allocated": _("{actor} let a payment pay {target}."),
    "payment.reversed": _("{actor} took back a payment of {target}."),
    "payment.released": _("{actor} let go money that paid {target}."),
    "payment.refunded": _("{actor} booked a refund of {target}."),
    "payment.refund_reversed": _("{actor} took back a refund of {target}."),
    "rate_card.imported": _("{actor} imported the rate card {target}."),
    "rate_card.approved": _("{actor} approved the rate card {target}."),
    "rate_card.published": _("{actor} published the rate card {target}."),
    "price_list.set": _("{actor} set the prices {target} from {valid_from}."),
    "exchange_rate.entered": _("{actor} entered an exchange rate, {target}: {rate} from {valid_from}."),
    "subscription.begun": _("{actor} put {target} on the plan {plan} from {valid_from}."),
}
VISIT_ENDED_BY_VISITOR = _("{actor} ended the staff visit.")
UNKNOWN = _("{actor}: {action} {target}")

LABELS: Mapping[str, Any] = {
    "name": _("Company name"),
    "country": _("Country"),
    "vat_id": _("VAT id"),
    "language": _("Language"),
    "time_zone": _("Time zone"),
    "address_name": _("Address name"),
    "role": _("Role"),
    "state": _("State"),
    "minutes": _("Minutes"),
    "count": _("How many"),
    "channel_name": _("Name"),
    "channel_address": _("Number"),
    "legal_name": _("Legal name"),
    "street": _("Street and number"),
    "street_more": _("Address, second line"),
    "postcode": _("Postcode"),
    "city": _("Town"),
    "buyer_reference": _("Your reference"),
    "order_number": _("Order number"),
    "recipients": _("Invoices go to"),
    "payment_terms_days": _("Days to pay"),
    "amount": _("Amount"),
    "plan": _("Plan"),
    "since": _("Since"),
    "month_limit": _("Limit for a month"),
    "hard_stop": _("Stop at the limit"),
    "reply_reserve": _("Kept for replies"),
    "to": _("To"),
}


def _chosen(choices: Any) -> Callable[[Any], str]:
    return lambda value: str(dict(choices).get(value, value))


def _day(value: str) -> str:
    return short_date(date.fromisoformat(value))


def _month(value: str) -> str:
    return month_name(date.fromisoformat(f"{value}-01"))


def _amount(value: str) -> str:
    amount, currency = value.split()
    return money(Decimal(amount), currency)


# Fields whose stored value is a code.
WORDS: Mapping[str, Callable[[Any], str]] = {
    "role": _chosen(Role.choices),
    "state": _chosen(CompanyState.choices),
    "language": _chosen(settings.LANGUAGES),
    "hard_stop": lambda value: gettext("On") if value == "yes" else gettext("Off"),
    "country": lambda code: countries.names(get_language() or "en").get(code, code),
    "since": _day,
    "valid_from": _day,
}
# Actions whose target is a month or an amount.
TARGETS: Mapping[str, Callable[[str], str]] = {
    "invoice.approved": _month,
    "invoice.approval_withdrawn": _month,
    "month.collected_again": _month,
    "payment.recorded": _amount,
    "payment.reversed": _amount,
}


@dataclass(frozen=True)
class Change:
    """One field on both sides; '' says that it was or is empty."""

    label: str
    before: str
    after: str


def _word(field: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, list):
        return ", ".join(str(part) for part in value)
    return _written(WORDS.get(field, str), value)


def _written(write: Callable[[Any], str], value: Any) -> str:
    """Whatever stands in the log is shown; what cannot be written better, as it stands."""
    try:
        return write(value)
    except (ValueError, ArithmeticError):
        return str(value)


def _pattern(entry: AuditEntry) -> Any:
    """The sentence of an action; ending one's own visit reads differently."""
    if entry.action == "visit.ended" and entry.target == entry.actor_name:
        return VISIT_ENDED_BY_VISITOR
    return SENTENCES.get(entry.action, UNKNOWN)


@register.simple_tag
def audit_sentence(entry: AuditEntry) -> SafeString:
    """What happened, with the names set apart; an action without a sentence shows its code."""
    named = {field: _word(field, value) for field, value in entry.after.items()}
    blanks = dict.fromkeys(("role", "address_name", "minutes", "valid_from", "rate", "plan"), "")
    return format_html(
        str(_pattern(entry)),
        **{
            **blanks,
            **named,
            "actor": format_html("<strong><bdi>{}</bdi></strong>", entry.actor_name or gettext("Somebody")),
            "target": format_html(
                "<strong><bdi>{}</bdi></strong>", _written(TARGETS.get(entry.action, str), entry.target)
            ),
            "action": format_html("<code>{}</code>", entry.action),
        },
    )


@register.simple_tag
def audit_changes(entry: AuditEntry) -> list[Change]:
    """The fields an entry changed, both sides in words; none when there was nothing before."""
    if not entry.before:
        return []
    fields = [*entry.before, *(field for field in entry.after if field not in entry.before)]
    return [
        Change(
            label=str(LABELS.get(field, field.replace("_", " "))),
            before=_word(field, entry.before.get(field)),
            after=_word(field, entry.after.get(field)),
        )
        for field in fields
    ]
