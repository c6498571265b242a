"""Which contacts the list shows: what stands in its address, as rows and as words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from messaging.contacts.consent.finding import Standing, standing_as
from messaging.contacts.models import Contact, ContactList, Label


@dataclass
class Filters:
    """The known values of an address; what nobody knows filters nothing."""

    words: str
    lists: list[ContactList]
    labels: list[Label]
    on_list: ContactList | None = None
    labelled: Label | None = None
    consent: str = ""
    blocked: bool = False
    query: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> Filters:
        lists, labels = list(ContactList.objects.order_by("name", "pk")), list(Label.objects.order_by("name", "pk"))
        found = cls(asked.get("q", "").strip()[:100], lists, labels)
        found.on_list = next((one for one in lists if one.public_id == asked.get("list")), None)
        found.labelled = next((one for one in labels if one.public_id == asked.get("label")), None)
        found.consent = asked.get("consent", "") if asked.get("consent") in Standing.values else ""
        found.blocked = asked.get("blocked") == "1"
        found.query = {
            name: value
            for name, value in (
                ("list", found.on_list.public_id if found.on_list else ""),
                ("label", found.labelled.public_id if found.labelled else ""),
                ("consent", found.consent),
                ("blocked", "1" if found.blocked else ""),
            )
            if value
        }
        return found

    def rows(self) -> QuerySet[Contact]:
        rows = Contact.objects.for_list()
        rows = rows.found_by(self.words) if self.words else rows
        rows = rows.on_list(self.on_list.public_id) if self.on_list else rows
        rows = rows.labelled(self.labelled.public_id) if self.labelled else rows
        rows = rows.blocked() if self.blocked else rows
        return standing_as(rows, self.consent) if self.consent else rows

    def chips(self, address: str) -> list[dict[str, Any]]:
        """The filters in words, each with the address of the list without it."""
        shown = (
            ("list", _("on the list"), self.on_list),
            ("label", _("labelled"), self.labelled),
            ("consent", "", Standing(self.consent).label if self.consent else ""),
            ("blocked", "", _("blocked") if self.blocked else ""),
        )
        return [
            {"words": words, "value": value, "remove_url": self._without(address, name)}
            for name, words, value in shown
            if value
        ]

    def _without(self, address: str, name: str) -> str:
        rest = {key: value for key, value in self.query.items() if key != name}
        return f"{address}?{urlencode({**rest, **({'q': self.words} if self.words else {})})}"

    @property
    def standings(self) -> list[tuple[str, Any]]:
        return list(Standing.choices)
