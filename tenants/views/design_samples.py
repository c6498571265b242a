"""What the living page shows: a parcel shop and an airline on an ordinary day."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

HERE = "#"


class SampleForm(forms.Form):
    name = forms.CharField(
        label=_("Name of the channel"),
        max_length=60,
        help_text=_("Colleagues see it when they choose where to answer from."),
    )
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[("whatsapp", "WhatsApp"), ("messenger", "Messenger"), ("wechat", "WeChat"), ("sms", "SMS")],
    )
    email = forms.EmailField(label=_("E-mail for warnings"), required=False)
    greeting = forms.CharField(
        label=_("Greeting"),
        required=False,
        max_length=160,
        widget=forms.Textarea(attrs={"maxlength": 160, "rows": 3}),
        help_text=_("Sent once when a contact writes for the first time."),
    )


class AllFieldsForm(forms.Form):
    search = forms.CharField(
        label=_("Search"),
        required=False,
        widget=forms.SearchInput(attrs={"placeholder": _("Name, number or e-mail")}),
    )
    password = forms.CharField(
        label=_("Password"), required=False, widget=forms.PasswordInput(attrs={"autocomplete": "off"})
    )
    code = forms.CharField(
        label=_("Code from your app"),
        widget=forms.TextInput(
            attrs={"class": "code-field", "inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": 6}
        ),
    )
    begins_on = forms.DateField(label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}))
    speed = forms.ChoiceField(
        label=_("How fast"),
        initial="auto",
        widget=forms.RadioSelect(attrs={"class": "cards"}),
        choices=[
            ("auto", _("As fast as the number allows")),
            ("hour", _("Spread over an hour")),
            ("cap", _("At most 100 a minute")),
        ],
    )
    days = forms.MultipleChoiceField(
        label=_("Opening days"),
        initial=["mon", "tue"],
        widget=forms.CheckboxSelectMultiple,
        choices=[("mon", _("Monday")), ("tue", _("Tuesday")), ("sat", _("Saturday"))],
    )
    remind = forms.BooleanField(
        label=_("Remind me when the window closes"),
        required=False,
        initial=True,
        widget=forms.CheckboxInput(attrs={"class": "switch", "role": "switch"}),
    )
    agree = forms.BooleanField(label=_("We have asked these people for their consent"), required=True)
    contacts = forms.FileField(label=_("Contacts"), help_text=_("CSV or XLSX, up to 3 MB."))
    locked = forms.CharField(label=_("Company id"), disabled=True, initial="c_8Kd20fQwPz", required=False)


class SignInForm(forms.Form):
    email = forms.EmailField(label=_("E-mail"))
    password = forms.CharField(label=_("Password"), widget=forms.PasswordInput(attrs={"autocomplete": "off"}))


def failed_form() -> SampleForm:
    """A form the server refused, as a person sees it after pressing the button."""
    return SampleForm(
        {"failed-name": "", "failed-kind": "whatsapp", "failed-email": "hansen@paketladen", "failed-greeting": "Moin!"},
        prefix="failed",
    )


def frame(kind: str = "company", *, visit: bool = False, settings: bool = False) -> dict[str, Any]:
    """A frame as config/frame.py makes it, for a person who is not there."""
    company = SimpleNamespace(name="Paketladen Hansen")
    places = [
        {"url": HERE, "icon": "inbox", "label": _("Inbox"), "current": not settings, "count": 3},
        {"url": HERE, "icon": "contact", "label": _("Contacts")},
        {"url": HERE, "icon": "megaphone", "label": _("Broadcasts")},
        {"url": HERE, "icon": "bot", "label": _("Bots")},
        {"url": HERE, "icon": "bar-chart", "label": _("Reports")},
        {"url": HERE, "icon": "settings", "label": _("Settings"), "current": settings},
    ]
    staff_places = [
        {"url": HERE, "icon": "building", "label": _("Companies"), "current": True},
        {"url": HERE, "icon": "receipt", "label": _("Invoice desk")},
        {"url": HERE, "icon": "activity", "label": _("System")},
    ]
    side = [
        {"url": HERE, "icon": "building", "label": _("Company"), "current": True},
        {"url": HERE, "icon": "users", "label": _("Members")},
        {"url": HERE, "icon": "plug", "label": _("Channels")},
        {"url": HERE, "icon": "receipt", "label": _("Billing")},
        {"url": HERE, "icon": "history", "label": _("Audit log")},
    ]
    return {
        "kind": kind,
        "places": staff_places if kind == "staff" else places,
        "settings_places": side if settings else [],
        "company": None if kind == "staff" else company,
        "person": SimpleNamespace(
            name="Inga Hansen", email="inga@paketladen-hansen.example", initials="IH", theme="system"
        ),
        "role": _("Company admin"),
        "person_links": [
            {"url": HERE, "icon": "user", "label": _("Profile")},
            {"url": HERE, "icon": "shield", "label": _("Sign-in and security")},
        ],
        "switch_url": HERE,
        "sign_out_url": HERE,
        "visit": {
            "staff_name": "Ada Beispiel",
            "reason": "Ticket 4711: messages stay queued",
            "ends_at": timezone.now() + timedelta(minutes=24),
            "end_url": HERE,
        }
        if visit
        else None,
        "languages": [
            {"code": "en", "label": "English", "current": True},
            {"code": "de", "label": "Deutsch", "current": False},
        ],
    }


def at(hour: int, minute: int, *, days_ago: int = 0) -> datetime:
    """A time of today or before, so that the page never looks old."""
    today = timezone.localtime().replace(hour=hour, minute=minute, second=0, microsecond=0)
    return today - timedelta(days=days_ago)


def conversations() -> list[dict[str, Any]]:
    base = {"url": HERE, "channel": "WA", "channel_name": "WhatsApp"}
    return [
        {
            **base,
            "name": "Jonas Petersen",
            "at": at(14, 22),
            "at_text": "14:22",
            "preview": "Kann ich das Paket auch am Samstag abholen?",
            "unread": True,
            "ring": 0.93,
            "ring_label": _("22 hours left to answer"),
        },
        {
            **base,
            "name": "Meike Albrecht",
            "at": at(14, 5),
            "at_text": "14:05",
            "preview": "Danke, dann bis nachher.",
            "current": True,
            "ring": 0.6,
            "ring_label": _("14 hours left to answer"),
            "assignee": "Inga Hansen",
        },
        {
            **base,
            "name": "Nordwind Air",
            "channel": "ME",
            "channel_name": "Messenger",
            "at": at(13, 48),
            "at_text": "13:48",
            "preview": "Ihr Flug NW 217 startet um 18:40 von Gate B12.",
            "status": "read",
            "assignee": "Tom Brandt",
        },
        {
            **base,
            "name": "Yusuf Demir",
            "at": at(12, 30),
            "at_text": "12:30",
            "preview": "Die Sendung ist heute angekommen.",
            "status": "failed",
            "ring": 0.1,
            "ring_label": _("2 hours left to answer"),
        },
        {
            **base,
            "name": "Wang Xiaoming",
            "channel": "WC",
            "channel_name": "WeChat",
            "at": at(11, 2),
            "at_text": "11:02",
            "typing": True,
            "ring": 0.45,
            "ring_label": _("11 hours left to answer"),
        },
        {
            **base,
            "name": "+49 151 5550 4711",
            "channel": "SM",
            "channel_name": "SMS",
            "at": at(9, 12, days_ago=1),
            "at_text": _("Yesterday"),
            "draft": "Guten Tag, Ihr Paket liegt bei",
            "ring": 0,
            "ring_label": _("The window is closed"),
        },
    ]


def thread() -> list[dict[str, Any]]:
    settled = {
        "amount": Decimal("0.0456"),
        "currency": "EUR",
        "category": _("Utility"),
        "country": "DE",
        "settled": True,
    }
    return [
        {
            "kind": "out",
            "author": "Order bot",
            "bot": True,
            "text": "Moin Frau Albrecht, Ihr Paket 4471 liegt bei uns bereit. Wir haben bis 18:30 Uhr geöffnet.",
            "at": at(9, 14),
            "status": "read",
            "cost": settled,
            "buttons": ["Weg zeigen", "Später abholen"],
        },
        {
            "kind": "in",
            "text": "Schaffe ich heute leider nicht. Kann es bis Freitag liegen bleiben?",
            "at": at(13, 51),
            "quote": {
                "name": "Paketladen Hansen",
                "text": "Moin Frau Albrecht, Ihr Paket 4471 liegt bei uns bereit. Wir haben bis 18:30 Uhr geöffnet.",
            },
        },
        {
            "kind": "note",
            "author": "Tom Brandt",
            "text": "Regal C3, ist schon nach hinten geräumt. Lagerfrist läuft am Samstag ab.",
            "at": at(13, 54),
        },
        {
            "kind": "out",
            "text": "Kein Problem, es bleibt bis Freitag 18:30 Uhr hier. Bitte bringen Sie Ihren Ausweis mit.",
            "at": at(13, 58),
            "status": "delivered",
        },
        {"kind": "in", "text": "Danke, dann bis nachher.", "at": at(14, 5)},
    ]


def all_bubbles() -> list[dict[str, Any]]:
    states = [
        ("queued", at(14, 1)),
        ("sent", at(14, 2)),
        ("delivered", at(14, 3)),
        ("read", at(14, 4)),
        ("unknown", at(14, 5)),
    ]
    texts = [
        "Ihre Rechnung ist unterwegs.",
        "Wir haben Ihre Adresse geändert.",
        "Der Fahrer klingelt gegen 16 Uhr.",
        "Ihr Paket wurde abgegeben.",
        "Ihr Code lautet 482 119.",
    ]
    expected = {"amount": Decimal("0.0550"), "currency": "EUR", "category": _("Utility"), "country": "DE"}
    bubbles: list[dict[str, Any]] = [
        {"kind": "out", "text": text, "status": status, "at": when, "cost": expected if status == "queued" else None}
        for (status, when), text in zip(states, texts, strict=True)
    ]
    bubbles.append(
        {
            "kind": "in",
            "text": "",
            "at": at(14, 6),
            "file": {"name": "Vollmacht_Albrecht.pdf", "size": 184_320, "url": HERE},
        }
    )
    bubbles.append(
        {
            "kind": "out",
            "text": "Wir haben ab Montag neue Öffnungszeiten.",
            "status": "failed",
            "at": at(14, 8),
            "problem": {
                "reason": _("Not delivered: this number has no WhatsApp. Send by SMS instead?"),
                "actions": [{"url": HERE, "label": _("Send by SMS")}, {"url": HERE, "label": _("Remove")}],
            },
        }
    )
    return bubbles


def invoices() -> list[dict[str, Any]]:
    return [
        {
            "number": "BO-2026-000412",
            "period": at(0, 0, days_ago=20),
            "state": _("Open"),
            "tone": "",
            "amount": Decimal("1284.07"),
            "due": at(0, 0, days_ago=-9),
        },
        {
            "number": "BO-2026-000377",
            "period": at(0, 0, days_ago=50),
            "state": _("Paid"),
            "tone": "good",
            "amount": Decimal("986.40"),
            "due": at(0, 0, days_ago=21),
        },
        {
            "number": "BO-2026-000341",
            "period": at(0, 0, days_ago=81),
            "state": _("Overdue"),
            "tone": "bad",
            "amount": Decimal("1102.55"),
            "due": at(0, 0, days_ago=52),
        },
        {
            "number": "BO-2026-000305",
            "period": at(0, 0, days_ago=111),
            "state": _("Credited"),
            "tone": "warn",
            "amount": Decimal("-48.20"),
            "due": at(0, 0, days_ago=82),
        },
    ]


def audience() -> list[dict[str, Any]]:
    return [
        {"label": _("Reachable"), "value": 11_904, "tone": 1, "url": HERE},
        {"label": _("No consent"), "value": 2_310, "tone": 2, "url": HERE},
        {"label": _("Opted out"), "value": 482, "tone": 4, "url": HERE},
        {"label": _("No channel"), "value": 1_120, "tone": 6, "url": HERE},
        {"label": _("Asked too often"), "value": 190, "tone": 5, "url": HERE},
    ]


def tiles() -> list[dict[str, Any]]:
    return [
        {"label": _("Targeted"), "value": "12,480", "sum": True, "url": HERE},
        {"label": _("Skipped"), "value": "576", "sign": "=", "url": HERE},
        {"label": _("Waiting"), "value": "3,102", "sign": "+", "url": HERE},
        {"label": _("In flight"), "value": "84", "sign": "+", "url": HERE},
        {
            "label": _("Accepted"),
            "value": "8,690",
            "sign": "+",
            "help": _("8,112 delivered, 5,470 read"),
            "url": HERE,
            "current": True,
        },
        {"label": _("Failed"), "value": "28", "sign": "+", "url": HERE},
    ]


def days(count: int) -> list[str]:
    first = timezone.localdate() - timedelta(days=count - 1)
    return [f"{(first + timedelta(days=index)).day}." for index in range(count)]


def spend() -> dict[str, Any]:
    utility = [
        Decimal(value) / 100
        for value in (3120, 2980, 3340, 3010, 3600, 1180, 640, 3205, 3111, 3480, 3390, 3720, 1240, 702)
    ]
    marketing = [Decimal(value) / 100 for value in (0, 0, 5480, 1220, 0, 0, 0, 0, 6120, 1480, 240, 0, 0, 0)]
    codes = [Decimal(value) / 100 for value in (420, 455, 430, 460, 510, 280, 190, 440, 462, 471, 488, 530, 301, 210)]
    return {
        "labels": days(14),
        "series": [
            {"name": _("Utility"), "values": utility},
            {"name": _("Marketing"), "values": marketing},
            {"name": _("Authentication"), "values": codes},
        ],
    }


def answers() -> dict[str, Any]:
    return {
        "labels": days(14),
        "series": [
            {"name": _("Incoming"), "values": [212, 240, 231, 198, 260, 110, 84, 226, 251, 263, 240, 272, 124, 96]},
            {
                "name": _("Answered within an hour"),
                "values": [180, 201, 205, 176, 222, 80, 52, 190, 214, 230, 221, 240, 98, 70],
                "tone": 3,
            },
        ],
    }


def steps() -> list[dict[str, Any]]:
    return [
        {"url": HERE, "label": _("Audience"), "state": "done"},
        {"url": HERE, "label": _("Message"), "state": "problem"},
        {"url": HERE, "label": _("Timing"), "state": "current"},
        {"url": HERE, "label": _("Review"), "state": ""},
    ]


def checklist() -> list[dict[str, Any]]:
    return [
        {"label": _("Open the company"), "text": _("Done by Inga Hansen"), "state": "done"},
        {
            "label": _("Connect a channel"),
            "text": _("A WhatsApp number, or the sandbox to try things out"),
            "state": "next",
            "url": HERE,
            "action": _("Connect"),
        },
        {
            "label": _("Invite a colleague"),
            "text": _("Support agents answer, admins also change settings"),
            "state": "",
            "url": HERE,
            "action": _("Invite"),
        },
    ]


def events() -> list[dict[str, Any]]:
    now = timezone.now()
    return [
        {
            "icon": "user-plus",
            "text": _("Tom Brandt became a support agent"),
            "detail": _("Invited by Inga Hansen"),
            "at": now - timedelta(minutes=4),
        },
        {
            "icon": "eye",
            "text": _("Staff visit ended after 12 minutes"),
            "detail": "Ticket 4711: messages stay queued",
            "at": now - timedelta(hours=3),
        },
        {
            "icon": "globe",
            "text": _("Address changed"),
            "detail": "hansen → paketladen-hansen",
            "at": now - timedelta(days=2),
        },
    ]


def everything() -> dict[str, Any]:
    """The context of the living page."""
    return {
        "form": SampleForm(
            initial={"name": "Laden Altona", "greeting": "Moin! Wir antworten werktags von 9 bis 18:30 Uhr."}
        ),
        "failed_form": failed_form(),
        "all_fields": AllFieldsForm(prefix="all"),
        "conversations": conversations(),
        "thread": thread(),
        "bubbles": all_bubbles(),
        "invoices": invoices(),
        "invoice_total": sum((row["amount"] for row in invoices()), Decimal(0)),
        "audience": audience(),
        "tiles": tiles(),
        "spend": spend(),
        "answers": answers(),
        "course": [3, 4, 4, 6, 5, 7, 6, 8, 9, 8, 11],
        "steps": steps(),
        "checklist": checklist(),
        "events": events(),
        "page": SimpleNamespace(before="a", after="b"),
        "tabs": [
            {"url": HERE, "label": _("Mine"), "count": 4, "current": True},
            {"url": HERE, "label": _("Unassigned"), "count": 12},
            {"url": HERE, "label": _("All open"), "count": 1284},
            {"url": HERE, "label": _("Resolved"), "count": None},
        ],
        "chips": [
            {"words": _("on"), "value": "WhatsApp", "remove_url": HERE},
            {"words": _("that"), "value": _("failed"), "remove_url": HERE},
            {"words": _("in"), "value": _("the last 7 days"), "remove_url": HERE},
        ],
        "crumbs": [
            {"url": HERE, "label": _("Broadcasts")},
            {"url": HERE, "label": "Sommerfahrplan"},
            {"label": _("Report")},
        ],
        "tones": [
            "Jonas Petersen",
            "Meike Albrecht",
            "Yusuf Demir",
            "Nordwind Air",
            "Wang Xiaoming",
            "Ólafur Þór",
            "Żaneta Łuczak",
        ],
        "low": Decimal("498.20"),
        "expected": Decimal("612.48"),
        "high": Decimal("704.10"),
        "rate": Decimal("0.0550"),
        "sample_time": timezone.now() - timedelta(minutes=5),
        "curl": CURL,
        "sections": SECTIONS,
    }


CURL = """curl https://paketladen-hansen.botschaft.example/api/v1/notifications \\
  -H "Authorization: Bearer $TOKEN" \\
  -H "Idempotency-Key: parcel-4471-ready" \\
  -d to=+4915155504711 -d type=parcel_ready"""

SECTIONS = [
    {"id": "identity", "label": _("Identity")},
    {"id": "colour", "label": _("Colour and type")},
    {"id": "actions", "label": _("Buttons and menus")},
    {"id": "forms", "label": _("Forms")},
    {"id": "marks", "label": _("Words and marks")},
    {"id": "tables", "label": _("Tables")},
    {"id": "surfaces", "label": _("Cards, facts, tiles")},
    {"id": "states", "label": _("States")},
    {"id": "steps", "label": _("Steps and progress")},
    {"id": "overlays", "label": _("Dialogs and toasts")},
    {"id": "messages", "label": _("Conversations")},
    {"id": "cost", "label": _("Cost")},
    {"id": "charts", "label": _("Charts")},
    {"id": "layouts", "label": _("Whole pages")},
]
