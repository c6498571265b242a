"""Who is in the demo: two companies, their people, their customers. All invented."""

from __future__ import annotations

from dataclasses import dataclass, field

PASSWORD = "Brief und Siegel"  # noqa: S105  (everybody may know it)


@dataclass(frozen=True)
class DemoPerson:
    email: str
    name: str
    role: str
    language: str = "de"


@dataclass(frozen=True)
class DemoCompany:
    address_name: str
    name: str
    country: str
    vat_id: str
    people: tuple[DemoPerson, ...]
    customers: tuple[tuple[str, str, str, str], ...] = field(default=())


STAFF = DemoPerson("staff@botschaft.example", "Jule Petersen", "staff")

PARCELS = DemoCompany(
    "hansen",
    "Paketladen Hansen",
    "DE",
    "DE136695976",
    (
        DemoPerson("admin@hansen.example", "Birte Hansen", "admin"),
        DemoPerson("agent@hansen.example", "Malik Yıldız", "agent"),
        DemoPerson("ole@hansen.example", "Ole Brodersen", "agent"),
    ),
    (
        ("Anna Schäfer", "+4915112345601", "de", "Stammkundin, Abholung meist samstags."),
        ("Mehmet Kaya", "+4915112345602", "de", ""),
        ("Sophie Lehmann", "+4916098765403", "de", "Bittet um Ablage beim Nachbarn (Krüger, EG)."),
        ("Jonas Petersen", "+4917212345604", "de", ""),
        ("Katarzyna Nowak", "+48512345605", "en", "Prefers English."),
        ("Lena Vogt", "+4915234567606", "de", ""),
        ("Piet de Vries", "+31612345607", "en", "Business parcels, weekly."),
        ("Familie Brandt", "+494012345608", "de", "Festnetz, keine SMS."),
        ("Giulia Ferri", "+393331234509", "en", ""),
        ("Tobias Krüger", "+4917612345610", "de", ""),
        ("Amina El-Sayed", "+4915112345611", "de", ""),
        ("Rolf Jansen", "+4916312345612", "de", "Hört schlecht, lieber schreiben als anrufen."),
        ("Nguyễn Thị Lan", "+4915712345613", "de", ""),
        ("Claire Dubois", "+33612345614", "en", ""),
        ("Stefan Wolters", "+4917012345615", "de", ""),
        ("Ingrid Sørensen", "+4520123416", "en", ""),
        ("Marek Dvořák", "+420601234517", "en", ""),
        ("Heike Lorenz", "+4915112345618", "de", "Packstation 118."),
        ("ليلى حسن", "+4915112345619", "de", ""),
        ("Gärtnerei Holm", "+494034567820", "de", "Rechnung monatlich."),
        ("Dieter Maas", "+4915212345621", "de", ""),
        ("Emre Aydın", "+4917612345622", "de", ""),
        ("Birgit Thomsen", "+4916012345623", "de", ""),
    ),
)

AIRLINE = DemoCompany(
    "nordwind",
    "Nordwind Air",
    "DE",
    "DE129273398",
    (
        DemoPerson("admin@nordwind.example", "Carla Reimers", "admin"),
        DemoPerson("agent@nordwind.example", "Tom Achterberg", "agent", "en"),
        DemoPerson("yara@nordwind.example", "Yara Haddad", "agent"),
    ),
    (
        ("Oliver Grant", "+447700900101", "en", "Frequent flyer, seat 4C."),
        ("Maria Fernández", "+34612345602", "en", ""),
        ("Dr. Hannah Weiß", "+4915112345703", "de", "Reist mit Assistenzhund."),
        ("Liam O’Connor", "+353851234504", "en", ""),
        ("Zoé Martin", "+33612345705", "en", ""),
        ("Paul Richter", "+4917212345706", "de", ""),
        ("Astrid Lindqvist", "+46701234507", "en", ""),
        ("Karim Benali", "+212612345608", "en", ""),
        ("Chen Wei", "+8613812345609", "en", "Group of 12, contact for all."),
        ("João Almeida", "+351912345610", "en", ""),
        ("Emily Carter", "+12025550111", "en", ""),
        ("Fatima Al Mansouri", "+971501234512", "en", ""),
        ("Lukas Baumann", "+41791234513", "de", "Schweizer Adresse für Rechnungen."),
        ("Elena Popescu", "+40721234514", "en", ""),
        ("Mateus Oliveira", "+5531987654321", "en", ""),
        ("Noah Fischer", "+436641234516", "de", ""),
        ("Priya Sharma", "+919812345617", "en", ""),
        ("Petra Lohmann", "+4915112345718", "de", "Reist mit Kleinkind."),
        ("Jakub Wiśniewski", "+48512345719", "en", ""),
        ("Sabine und Uwe Kröger", "+494112345720", "de", "Goldene Hochzeit im Mai."),
    ),
)
COMPANIES = (PARCELS, AIRLINE)
