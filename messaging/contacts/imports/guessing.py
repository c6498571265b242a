"""What a column is, guessed from its name in German or English, else from what stands in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from messaging.contacts.attributes.services import key_of
from messaging.contacts.imports.rows import AGREED_ON, FIRST_NAME, LANGUAGE, LAST_NAME, NAME, NOTE, PHONE
from messaging.contacts.models import Attribute
from messaging.contacts.services import InvalidNumber, e164

# By name as `key_of` makes it, without its underscores.
NAMES = {
    PHONE: "phone phonenumber telephone tel telefon telefonnummer telefonnr telnr telnummer rufnummer handy handynummer"
    " handynr mobil mobile mobilnummer mobilenumber mobilephone mobiltelefon mobilfunk mobilfunknummer cell cellphone"
    " whatsapp whatsappnummer whatsappnumber msisdn",
    NAME: "name fullname vollername kunde kundenname customer customername kontakt kontaktname contact contactname"
    " ansprechpartner vornamenachname vornameundnachname displayname anzeigename",
    FIRST_NAME: "vorname firstname givenname rufname forename",
    LAST_NAME: "nachname lastname surname familyname familienname zuname",
    LANGUAGE: "sprache language lang locale korrespondenzsprache preferredlanguage",
    NOTE: "notiz notizen note notes bemerkung bemerkungen kommentar comment comments anmerkung anmerkungen memo",
    AGREED_ON: "einwilligungam einwilligungsdatum datumdereinwilligung eingewilligtam zustimmungam zustimmungsdatum"
    " einverstandenseit angemeldetam anmeldedatum optin optinam optindatum optindate optinat consentdate consentat"
    " newsletterseit agreedon agreedat subscribedat subscribedon",
}
FIELD_OF = {name: field for field, names in NAMES.items() for name in names.split()}


def guess(
    columns: Sequence[str], samples: Sequence[Sequence[str]], attributes: Iterable[Attribute], country: str
) -> list[str]:
    """A field for each column, none twice; '' where nothing fits."""
    known = {plain: f"attributes.{one.key}" for one in attributes for plain in (_plain(one.name), _plain(one.key))}
    taken: set[str] = set()
    found: list[str] = []
    for column in columns:
        # What a company calls its own goes before what others call so.
        field = known.get(_plain(column)) or FIELD_OF.get(_plain(column), "")
        found.append("" if field in taken else field)
        taken.add(field)
    if PHONE not in found:
        for place, field in enumerate(found):
            if not field and _holds_numbers([row[place] for row in samples if place < len(row)], country):
                found[place] = PHONE
                break
    return found


def _plain(name: str) -> str:
    return key_of(name).replace("_", "")


def _holds_numbers(cells: Sequence[str], country: str) -> bool:
    """Whether all of some cells are telephone numbers, written as such: other numbers begin with neither + nor 0."""
    written = [cell.strip().lstrip("'") for cell in cells if cell.strip()]
    return bool(written) and all(cell.startswith(("+", "0")) and _is_number(cell, country) for cell in written)


def _is_number(cell: str, country: str) -> bool:
    try:
        e164(f"+{cell[2:]}" if cell.startswith("00") else cell, country=country)
    except InvalidNumber:
        return False
    return True
