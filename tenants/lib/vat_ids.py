"""VAT ids, checked by their country's form and checksum (python-stdnum knows both)."""

from __future__ import annotations

from stdnum import exceptions
from stdnum.ch import vat as swiss
from stdnum.eu import vat as european
from stdnum.gb import vat as british
from stdnum.no import mva as norwegian

from tenants.lib.countries import EU, VAT_PREFIX


class InvalidVatId(ValueError):
    """`reason` is `country` (another country's id), `form` (length or characters) or `checksum`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def checked(vat_id: str, country: str) -> str:
    """The id in its compact form with country letters; InvalidVatId when it cannot be one of `country`.

    Countries outside the European Union, Switzerland, Norway and the United Kingdom have forms we do not know:
    theirs is kept as written.
    """
    written = "".join(character for character in vat_id.upper() if character.isalnum())
    if country not in VAT_PREFIX:
        return written
    prefix = VAT_PREFIX[country]
    if written[:2].isalpha() and not written.startswith(prefix) and not (country == "AT" and written.startswith("U")):
        raise InvalidVatId("country")
    number = written if written.startswith(prefix) else prefix + written
    module = european if country in EU else {"CH": swiss, "NO": norwegian, "GB": british}[country]
    try:
        compact = str(module.validate(number.removeprefix("NO") if country == "NO" else number))
    except exceptions.InvalidChecksum:
        raise InvalidVatId("checksum") from None
    except exceptions.ValidationError:
        raise InvalidVatId("form") from None
    return compact if compact.startswith(prefix) else prefix + compact
