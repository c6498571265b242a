"""The demo's accounts as the JSON that PUT /sandbox/api/accounts/{waba} takes. Tokens are invented and open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

JSON = dict[str, Any]


@dataclass(frozen=True)
class DemoNumber:
    """What a company needs to connect its number, and what the provider has under it."""

    company: str  # its address name
    name: str
    account_id: str
    number_id: str
    phone: str
    people: tuple[tuple[str, str, str, str], ...]  # name, phone, language, user name
    templates: tuple[str, ...]

    @property
    def token(self) -> str:
        return f"sandbox-token-{self.company}"

    @property
    def app_secret(self) -> str:
        return f"sandbox-app-secret-{self.company}"

    @property
    def verify_token(self) -> str:
        return f"sandbox-verify-{self.company}"


def _row(name: str, language: str, body: str, samples: list[str], *, category: str = "UTILITY", **more: Any) -> JSON:
    """A template with a text; `buttons` and `footer` as the provider wants them, `status` when it is not approved."""
    components: list[JSON] = [{"type": "BODY", "text": body, "example": {"body_text": [samples]}}]
    if head := more.pop("head", ""):
        components.insert(0, {"type": "HEADER", "format": "TEXT", "text": head})
    if foot := more.pop("foot", ""):
        components.append({"type": "FOOTER", "text": foot})
    if buttons := more.pop("buttons", None):
        components.append({"type": "BUTTONS", "buttons": buttons})
    return {"name": name, "language": language, "category": category, "components": components, **more}


def _answers(*labels: str) -> list[JSON]:
    return [{"type": "QUICK_REPLY", "text": label} for label in labels]


def _link(label: str, address: str, sample: str) -> list[JSON]:
    return [{"type": "URL", "text": label, "url": f"{address}{{{{1}}}}", "example": [f"{address}{sample}"]}]


TRACK, CHECK_IN = "https://example.com/t/", "https://example.com/check-in/"
PAUSED: JSON = {"status": "PAUSED", "quality": "RED"}
REJECTED: JSON = {"status": "REJECTED", "quality": "UNKNOWN", "rejected_reason": "PROMOTIONAL"}
TEMPLATES: dict[str, list[JSON]] = {
    "hello_world": [
        {
            "name": "hello_world",
            "language": language,
            "category": "UTILITY",
            "components": [{"type": "BODY", "text": body}, {"type": "FOOTER", "text": foot}],
        }
        for language, body, foot in (
            ("de", "Das ist eine Testnachricht. Kommt sie an, ist die Nummer richtig verbunden.", "Nur ein Test"),
            ("en", "This is a test message. If you can read it, the number is connected rightly.", "Only a test"),
        )
    ],
    "order_shipped": [
        _row(
            "order_shipped",
            "de",
            "Hallo {{1}}, Ihre Bestellung {{2}} ist heute auf den Weg gegangen.",
            ["Anna", "A-1027"],
            buttons=_link("Sendung verfolgen", TRACK, "A-1027"),
        ),
        _row(
            "order_shipped",
            "en",
            "Hello {{1}}, your order {{2}} left our house today.",
            ["Anna", "A-1027"],
            buttons=_link("Track parcel", TRACK, "A-1027"),
        ),
    ],
    "delivery_today": [
        _row(
            "delivery_today",
            "de",
            "Hallo {{1}}, Ihr Paket kommt heute zwischen {{2}} Uhr. Sind Sie da?",
            ["Anna", "14 und 16"],
            buttons=_answers("Ja, ich bin da", "Bitte zum Nachbarn", "In den Laden"),
        ),
        _row(
            "delivery_today",
            "en",
            "Hello {{1}}, your parcel arrives today between {{2}}. Will you be at home?",
            ["Anna", "2 and 4 pm"],
            buttons=_answers("Yes, I am at home", "To my neighbour", "To the shop"),
        ),
    ],
    "pickup_reminder": [
        _row(
            "pickup_reminder",
            "de",
            "Hallo {{1}}, Ihr Paket {{2}} liegt bis {{3}} bei uns für Sie bereit. Bringen Sie bitte einen Ausweis mit.",
            ["Anna", "A-1027", "Freitag"],
        ),
        _row(
            "pickup_reminder",
            "en",
            "Hello {{1}}, your parcel {{2}} waits at our shop until {{3}}. Please bring an identity card.",
            ["Anna", "A-1027", "Friday"],
        ),
    ],
    "parcel_card_offer": [
        _row(
            "parcel_card_offer",
            "de",
            "Hallo {{1}}, die Monatskarte gibt es diese Woche für 7 € statt 9 €.",
            ["Anna"],
            category="MARKETING",
            foot="Sie können jederzeit absagen.",
            buttons=_answers("Karte nehmen", "Keine Werbung"),
            **PAUSED,
        ),
        _row(
            "parcel_card_offer",
            "en",
            "Hello {{1}}, this week the monthly card is 7 € instead of 9 €.",
            ["Anna"],
            category="MARKETING",
            foot="You can stop at any time.",
            buttons=_answers("Take the card", "Stop promotions"),
            **PAUSED,
        ),
    ],
    "parcel_lottery": [
        _row("parcel_lottery", language, body, ["Anna"], **REJECTED)
        for language, body in (
            ("de", "Hallo {{1}}, Sie haben gewonnen. Holen Sie Ihren Preis noch heute ab."),
            ("en", "Hello {{1}}, you have won. Collect your prize today."),
        )
    ],
    "flight_changed": [
        _row(
            "flight_changed",
            "de",
            "Guten Tag {{1}}, Ihr Flug {{2}} startet neu um {{3}} Uhr. Wir bitten um Verständnis.",
            ["Frau Weiß", "NW 412", "17:35"],
        ),
        _row(
            "flight_changed",
            "en",
            "Dear {{1}}, your flight {{2}} now departs at {{3}}. We apologise for the change.",
            ["Mr Grant", "NW 412", "17:35"],
        ),
    ],
    "flight_delayed": [
        _row(
            "flight_delayed",
            "de",
            "Guten Tag {{1}}, Ihr Flug {{2}} verspätet sich um {{3}}. Es tut uns leid. Was dürfen wir für Sie tun?",
            ["Frau Weiß", "NW 412", "90 Minuten"],
            buttons=_answers("Passt so", "Bitte umbuchen", "Geld zurück"),
        ),
        _row(
            "flight_delayed",
            "en",
            "Dear {{1}}, your flight {{2}} is late by {{3}}. We are sorry. What may we do for you?",
            ["Mr Grant", "NW 412", "90 minutes"],
            buttons=_answers("That is fine", "Rebook me", "Refund me"),
        ),
    ],
    "gate_changed": [
        _row(
            "gate_changed",
            "de",
            "Guten Tag {{1}}, Ihr Flug {{2}} geht neu von Gate {{3}} ab. Bitte planen Sie etwas Zeit für den Weg ein.",
            ["Frau Weiß", "NW 412", "B 17"],
        ),
        _row(
            "gate_changed",
            "en",
            "Dear {{1}}, your flight {{2}} now leaves from gate {{3}}. Please allow some time for the walk.",
            ["Mr Grant", "NW 412", "B 17"],
        ),
    ],
    "check_in_open": [
        _row(
            "check_in_open",
            "de",
            "Guten Tag {{1}}, der Check-in für Ihren Flug {{2}} ist offen.",
            ["Frau Weiß", "NW 412"],
            buttons=_link("Zum Check-in", CHECK_IN, "QK7P2M"),
        ),
        _row(
            "check_in_open",
            "en",
            "Dear {{1}}, check-in for your flight {{2}} is open.",
            ["Mr Grant", "NW 412"],
            buttons=_link("Check in", CHECK_IN, "QK7P2M"),
        ),
    ],
    "winter_fares": [
        _row(
            "winter_fares",
            language,
            body,
            [sample],
            category="MARKETING",
            head=head,
            foot=foot,
            buttons=_answers(stop),
            **PAUSED,
        )
        for language, head, body, sample, foot, stop in (
            (
                "de",
                "In den Norden ab 49 €",
                "Guten Tag {{1}}, bis Ende der Woche fliegen Sie ab 49 € nach Oslo und Bergen.",
                "Frau Weiß",
                "Sie können jederzeit absagen.",
                "Keine Werbung",
            ),
            (
                "en",
                "To the north from 49 €",
                "Dear {{1}}, until the end of the week you fly to Oslo and Bergen from 49 €.",
                "Mr Grant",
                "You can stop at any time.",
                "Stop promotions",
            ),
        )
    ],
    "upgrade_draw": [
        _row("upgrade_draw", language, body, [sample], **REJECTED)
        for language, body, sample in (
            ("de", "Guten Tag {{1}}, unter allen Antworten verlosen wir zehn Plätze in der ersten Reihe.", "Frau Weiß"),
            ("en", "Dear {{1}}, answer this message for a chance of one of ten front row seats.", "Mr Grant"),
        )
    ],
    "newsletter": [
        _row(
            "newsletter",
            language,
            body,
            ["Anna"],
            category="MARKETING",
            head=head,
            foot=foot,
            buttons=_answers(stop),
        )
        for language, head, body, foot, stop in (
            (
                "de",
                "Neu im Herbst",
                "Hallo {{1}}, im November gibt es bei uns 10 % auf alles.",
                "Sie können jederzeit absagen.",
                "Keine Werbung",
            ),
            (
                "en",
                "New this autumn",
                "Hello {{1}}, take 10 % off everything in November.",
                "You can stop at any time.",
                "Stop promotions",
            ),
        )
    ],
    "login_code": [
        {
            "name": "login_code",
            "language": language,
            "category": "AUTHENTICATION",
            "components": [
                {"type": "BODY", "add_security_recommendation": True},
                {"type": "FOOTER", "code_expiration_minutes": 10},
                {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE", "text": label}]},
            ],
        }
        for language, label in (("de", "Code kopieren"), ("en", "Copy code"))
    ],
}
PARCELS = DemoNumber(
    "hansen",
    "Paketladen Hansen",
    "102290129340101",
    "106540352240101",
    "+49 40 55512 10",
    (
        ("Anna Schäfer", "+4915112345601", "de", ""),
        ("Mehmet Kaya", "+4915112345602", "de", ""),
        ("Sophie Lehmann", "+4916098765403", "de", ""),
        ("Katarzyna Nowak", "+48512345605", "en", ""),
        ("Piet de Vries", "+31612345607", "en", ""),
        ("Tobias Krüger", "+4917612345610", "de", ""),
        ("Rolf Jansen", "+4916312345612", "de", ""),
        ("Mia Sommer", "", "de", "mia.sommer"),
    ),
    (
        "order_shipped",
        "delivery_today",
        "pickup_reminder",
        "newsletter",
        "login_code",
        "hello_world",
        "parcel_card_offer",
        "parcel_lottery",
    ),
)
AIRLINE = DemoNumber(
    "nordwind",
    "Nordwind Air",
    "102290129340202",
    "106540352240202",
    "+49 30 55512 20",
    (
        ("Oliver Grant", "+447700900101", "en", ""),
        ("Maria Fernández", "+34612345602", "en", ""),
        ("Dr. Hannah Weiß", "+4915112345703", "de", ""),
        ("Paul Richter", "+4917212345706", "de", ""),
        ("Emily Carter", "+12025550111", "en", ""),
        ("Mateus Oliveira", "+5531987654321", "en", ""),
        ("Priya Sharma", "+919812345617", "en", ""),
        ("Theo Lang", "", "en", "theo.lang"),
    ),
    (
        "flight_changed",
        "flight_delayed",
        "gate_changed",
        "check_in_open",
        "newsletter",
        "login_code",
        "hello_world",
        "winter_fares",
        "upgrade_draw",
    ),
)
DEMO = (PARCELS, AIRLINE)


def account(number: DemoNumber, webhook_url: str = "") -> JSON:
    """The body of the PUT; without an address the provider keeps the one it has."""
    body: JSON = {
        "name": number.name,
        "app_secret": number.app_secret,
        "verify_token": number.verify_token,
        "token": number.token,
        "numbers": [{"id": number.number_id, "display_phone_number": number.phone, "verified_name": number.name}],
        "templates": [row for name in number.templates for row in TEMPLATES[name]],
        "people": [
            {"name": name, "phone": phone, "language": language, "username": username, "hides_phone": not phone}
            for name, phone, language, username in number.people
        ],
    }
    return body | ({"webhook_url": webhook_url} if webhook_url else {})
