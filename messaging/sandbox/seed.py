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


def _utility(name: str, language: str, body: str, samples: list[str], *, button: tuple[str, str] | None = None) -> JSON:
    components: list[JSON] = [{"type": "BODY", "text": body, "example": {"body_text": [samples]}}]
    if button:
        url = {"type": "URL", "text": button[0], "url": button[1] + "{{1}}", "example": [button[1] + samples[1]]}
        components.append({"type": "BUTTONS", "buttons": [url]})
    return {"name": name, "language": language, "category": "UTILITY", "components": components}


TRACK = "https://example.com/t/"
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
        _utility(
            "order_shipped",
            "de",
            "Hallo {{1}}, Ihre Bestellung {{2}} ist heute auf den Weg gegangen.",
            ["Anna", "A-1027"],
            button=("Sendung verfolgen", TRACK),
        ),
        _utility(
            "order_shipped",
            "en",
            "Hello {{1}}, your order {{2}} left our house today.",
            ["Anna", "A-1027"],
            button=("Track parcel", TRACK),
        ),
    ],
    "delivery_today": [
        _utility(
            "delivery_today",
            "de",
            "Hallo {{1}}, Ihr Paket kommt heute zwischen {{2}} Uhr. Sind Sie da?",
            ["Anna", "14 und 16"],
        ),
        _utility(
            "delivery_today",
            "en",
            "Hello {{1}}, your parcel arrives today between {{2}}. Will you be at home?",
            ["Anna", "2 and 4 pm"],
        ),
    ],
    "flight_changed": [
        _utility(
            "flight_changed",
            "de",
            "Guten Tag {{1}}, Ihr Flug {{2}} startet neu um {{3}} Uhr. Wir bitten um Verständnis.",
            ["Frau Weiß", "NW 412", "17:35"],
        ),
        _utility(
            "flight_changed",
            "en",
            "Dear {{1}}, your flight {{2}} now departs at {{3}}. We apologise for the change.",
            ["Mr Grant", "NW 412", "17:35"],
        ),
    ],
    "newsletter": [
        {
            "name": "newsletter",
            "language": language,
            "category": "MARKETING",
            "components": [
                {"type": "HEADER", "format": "TEXT", "text": head},
                {"type": "BODY", "text": body, "example": {"body_text": [["Anna"]]}},
                {"type": "FOOTER", "text": foot},
                {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": stop}]},
            ],
        }
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
    ("order_shipped", "delivery_today", "newsletter", "login_code", "hello_world"),
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
    ("flight_changed", "newsletter", "login_code", "hello_world"),
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
