"""A template in words, and as the customer reads it; no query in here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from babel import Locale, UnknownLocaleError
from django.utils.dateparse import parse_datetime
from django.utils.translation import get_language, gettext_lazy as _

from messaging.channels import explaining
from messaging.channels.models import Channel
from messaging.message_templates.components import filled, parts_of
from messaging.message_templates.models import MessageTemplate, TemplateStatus

# A status's word and tone, in the order of the filters.
STATUSES: dict[str, tuple[Any, str]] = {
    "approved": (TemplateStatus.APPROVED.label, "good"),
    "pending": (TemplateStatus.PENDING.label, "warn"),
    "rejected": (TemplateStatus.REJECTED.label, "bad"),
    "paused": (TemplateStatus.PAUSED.label, "warn"),
    "disabled": (TemplateStatus.DISABLED.label, "bad"),
    "pending_deletion": (_("Being deleted"), ""),
    "deleted": (_("Deleted at Meta"), ""),
    "archived": (_("Archived for lack of use"), ""),
    "limit_exceeded": (_("Limit of templates reached"), "bad"),
    "locked": (_("Locked"), "bad"),
}
CATEGORIES = {
    "marketing": _("Marketing"),
    "utility": _("Utility"),
    "authentication": _("Authentication"),
}
# Why Meta rejected a template (whatsapp §8.5).
REJECTIONS = {
    "ABUSIVE_CONTENT": _("Meta reads it as threatening or abusive."),
    "CATEGORY_NOT_AVAILABLE": _("This category is not open to the account."),
    "INCORRECT_CATEGORY": _("The text does not fit its category."),
    "INVALID_FORMAT": _("Placeholders or formatting are not as Meta wants them."),
    "PROMOTIONAL": _("It advertises, which its category does not allow."),
    "SCAM": _("Meta takes it for fraud."),
    "TAG_CONTENT_MISMATCH": _("Language or category do not match the text."),
}
HINTS = {
    "paused": _("People complained about it. Meta lets it go on after some hours; a third time it is switched off."),
    "disabled": _("Meta has switched it off for good. Use another template."),
    "pending": _("Meta looks at it, often for minutes, at most for a day."),
}
MEDIA = {
    "IMAGE": ("image", _("A picture, chosen when it is sent")),
    "VIDEO": ("video", _("A video, chosen when it is sent")),
    "DOCUMENT": ("file-text", _("A document, chosen when it is sent")),
    "LOCATION": ("map-pin", _("A place, chosen when it is sent")),
}
BUTTONS = {
    "QUICK_REPLY": "reply",
    "URL": "external-link",
    "PHONE_NUMBER": "phone",
    "COPY_CODE": "copy",
    "OTP": "copy",
    "FLOW": "list-checks",
    "CATALOG": "store",
}


def status_of(status: str) -> tuple[Any, str]:
    return STATUSES.get(status, (status.replace("_", " ").capitalize(), ""))


def language_of(code: str) -> str:
    """The language's name in the reader's own; the code when nobody knows it."""
    try:
        name = Locale.parse(code.replace("-", "_")).get_display_name(get_language() or "en")
    except (UnknownLocaleError, ValueError):
        return code
    return str(name) if name else code


def row(template: MessageTemplate) -> dict[str, Any]:
    """What the list and the page say of one."""
    status, tone = status_of(template.status)
    reason = template.rejected_reason
    return {
        "template": template,
        "language_name": language_of(template.language),
        "category": CATEGORIES.get(template.category, template.category.capitalize()),
        "status": status,
        "tone": tone,
        "quality": explaining.quality_of({"quality": template.quality}),
        "rejection": REJECTIONS.get(reason, reason) if template.status == TemplateStatus.REJECTED else "",
        "hint": HINTS.get(template.status, ""),
    }


def account(channel: Channel) -> dict[str, Any]:
    """When an account's templates were fetched, and what stood in the way since."""
    told = channel.health.get("templates")
    known: Mapping[str, Any] = told if isinstance(told, dict) else {}
    return {
        "channel": channel,
        "at": parse_datetime(str(known.get("at", ""))) if known.get("at") else None,
        "reason": explaining.reason_of(channel.kind, str(known.get("code", ""))),
    }


# --- As the customer reads it -----------------------------------------------------------------------------------------


def preview(template: MessageTemplate) -> dict[str, Any]:
    """Header, text, footer and buttons, with the samples in the placeholders where there are any."""
    parts = parts_of(template)
    main = parts.main
    text = filled(main.body, main.body_examples or {})
    return {
        "media": MEDIA.get(main.header_format),
        "header": filled(main.header_text, dict.fromkeys(main.header_variables, main.header_example)),
        # Meta writes the text of a template that carries a code itself.
        "text": text or (_("Meta's own text with a code to copy.") if parts.is_code else ""),
        "footer": main.footer,
        "buttons": [{"icon": BUTTONS.get(one.type, "square"), "text": one.text} for one in main.buttons],
        "cards": len(parts.cards),
        "has_samples": bool(main.header_variables or main.body_variables),
    }
