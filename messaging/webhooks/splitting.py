"""A webhook body of the platform's one address, cut into a part for each company."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from tenants.models import Company, ProviderRoute

LONGEST_ID = 128


@dataclass(frozen=True)
class Piece:
    """One change of a body: the place it stands at, and whom it is for."""

    entry: int
    change: Any
    number: str
    account: str


@dataclass
class Parts:
    """What goes to whom; `unknown` is for accounts that nobody has connected."""

    companies: dict[Company, bytes] = field(default_factory=dict)
    unknown: dict[str, bytes] = field(default_factory=dict)


def load(body: bytes) -> dict[str, Any]:
    """The body as a JSON object. Raises ValueError when it is none."""
    try:
        found = json.loads(body.decode())
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(found, dict):
        raise ValueError("no object")  # noqa: TRY004  (one error for everything that is not what it should be)
    return found


def split(kind: str, body: bytes) -> Parts:
    """Each company's part, by the number a change names, else by its account. Raises ValueError for what is no JSON."""
    whole = load(body)
    pieces = list(_pieces(whole))
    numbers, accounts = _routes(kind, pieces)
    for_company: dict[Company, list[Piece]] = defaultdict(list)
    for_nobody: dict[str, list[Piece]] = defaultdict(list)
    for piece in pieces:
        found = numbers.get(piece.number, set()) if piece.number else accounts.get(piece.account, set())
        for company in found:
            for_company[company].append(piece)
        if not found:
            for_nobody[(piece.number or piece.account)[:LONGEST_ID]].append(piece)
    if not pieces:
        return Parts(unknown={"": body})
    if len(for_company) == 1 and not for_nobody:
        # As it came: the usual case, and the same bytes again are the same row.
        return Parts({next(iter(for_company)): body})
    return Parts(
        {company: _body(whole, its) for company, its in for_company.items()},
        {external_id: _body(whole, its) for external_id, its in for_nobody.items()},
    )


def _pieces(whole: Mapping[str, Any]) -> Iterator[Piece]:
    for place, entry in enumerate(_list(whole.get("entry"))):
        changes = _list(entry.get("changes")) if isinstance(entry, dict) else []
        account = str(entry.get("id", "")) if isinstance(entry, dict) else ""
        for change in changes:
            yield Piece(place, change, _number_of(change), account)
        if not changes:
            yield Piece(place, None, "", account)


def _number_of(change: Any) -> str:
    found = change
    for key in ("value", "metadata", "phone_number_id"):
        found = found.get(key) if isinstance(found, dict) else None
    return str(found) if isinstance(found, str | int) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _routes(kind: str, pieces: list[Piece]) -> tuple[dict[str, set[Company]], dict[str, set[Company]]]:
    """Companies by number and by account, asked for all pieces at once. PostgreSQL's text knows no NUL."""
    wanted_numbers = {piece.number for piece in pieces if "\0" not in piece.number}
    wanted_accounts = {piece.account for piece in pieces if not piece.number and "\0" not in piece.account} - {""}
    numbers: dict[str, set[Company]] = defaultdict(set)
    accounts: dict[str, set[Company]] = defaultdict(set)
    meant = Q(external_id__in=wanted_numbers) | Q(account_external_id__in=wanted_accounts)
    for route in ProviderRoute.objects.filter(meant, kind=kind).select_related("company"):
        numbers[route.external_id].add(route.company)
        accounts[route.account_external_id].add(route.company)
    return numbers, accounts


def _body(whole: Mapping[str, Any], pieces: list[Piece]) -> bytes:
    """A body with these changes only, in the order and the entries they came in."""
    entries = _list(whole.get("entry"))
    kept: dict[int, Any] = {}
    for piece in pieces:
        entry = entries[piece.entry]
        if piece.change is None:
            kept[piece.entry] = entry
        else:
            kept.setdefault(piece.entry, {**entry, "changes": []})["changes"].append(piece.change)
    return json.dumps({**whole, "entry": list(kept.values())}).encode()
