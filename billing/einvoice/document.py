"""An invoice in the terms of EN 16931, as plain values; the comments name the standard's business terms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

INVOICE, CREDIT = "380", "381"


@dataclass(frozen=True, slots=True)
class Party:
    """Seller (BG-4) or buyer (BG-7)."""

    name: str  # BT-27, BT-44
    street: str  # BT-35, BT-50
    street_more: str  # BT-36, BT-51
    postcode: str  # BT-38, BT-53
    city: str  # BT-37, BT-52
    country: str  # BT-40, BT-55
    vat_id: str = ""  # BT-31, BT-48
    tax_number: str = ""  # BT-32
    register: str = ""  # BT-30
    email: str = ""  # BT-34, BT-49


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """One line (BG-25)."""

    position: int  # BT-126
    name: str  # BT-153
    quantity: Decimal  # BT-129
    unit: str  # BT-130, a code of UN/ECE Recommendation 20
    unit_price: Decimal  # BT-146
    net: Decimal  # BT-131
    category: str  # BT-151
    rate: Decimal  # BT-152
    service_from: date  # BT-134
    service_to: date  # BT-135
    # How much of the corrected line earlier corrections took back; beside it this part is rounded.
    after: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class TaxShare:
    """What one VAT category comes to (BG-23)."""

    category: str  # BT-118
    rate: Decimal  # BT-119
    basis: Decimal  # BT-116
    tax: Decimal  # BT-117
    reason_code: str = ""  # BT-121
    reason: str = ""  # BT-120


@dataclass(frozen=True, slots=True)
class Totals:
    """The document's sums (BG-22)."""

    line_total: Decimal  # BT-106
    tax_exclusive_amount: Decimal  # BT-109
    tax_amount: Decimal  # BT-110
    tax_inclusive_amount: Decimal  # BT-112
    amount_due: Decimal  # BT-115


@dataclass(frozen=True, slots=True)
class BankAccount:
    """Where to pay to (BG-17)."""

    iban: str  # BT-84
    bic: str  # BT-86
    holder: str  # BT-85


@dataclass(frozen=True, slots=True)
class Preceding:
    """The invoice that a correction corrects (BG-3)."""

    number: str  # BT-25
    issue_date: date  # BT-26


@dataclass(frozen=True, slots=True)
class Document:
    """The whole of it. `language`, `title` and `letter_foot` are for the page; everything else is in the XML too."""

    type_code: str  # BT-3
    number: str  # BT-1
    issue_date: date  # BT-2
    due_date: date | None  # BT-9
    currency: str  # BT-5
    period: tuple[date, date]  # BT-73, BT-74
    seller: Party
    buyer: Party
    lines: tuple[DocumentLine, ...]
    tax_shares: tuple[TaxShare, ...]
    totals: Totals
    terms: str  # BT-20
    buyer_reference: str = ""  # BT-10
    order_number: str = ""  # BT-13
    note: str = ""  # BT-22
    bank: BankAccount | None = None
    corrects: Preceding | None = None
    language: str = "en"
    title: str = ""
    letter_foot: tuple[str, ...] = ()
