"""Which templates may be sent to somebody, and in which language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from messaging.channels.models import Channel
from messaging.message_templates.components import parts_of
from messaging.message_templates.models import MessageTemplate, TemplateStatus

# More are narrowed by words.
MOST = 40


@dataclass(frozen=True)
class Choice:
    """One name in all its approved languages; `first` is the one to begin with."""

    first: MessageTemplate
    languages: tuple[MessageTemplate, ...]


def of_account(channel: Channel) -> list[MessageTemplate]:
    """Every approved template of the channel's account."""
    approved = MessageTemplate.objects.filter(
        account_external_id=channel.account_external_id, status=TemplateStatus.APPROVED
    )
    return list(approved.order_by("name", "language"))


def category_of(channel: Channel, content: Mapping[str, Any]) -> str:
    """What a message's template is for, as the provider has it now; '' when it is not there any more."""
    ours = MessageTemplate.objects.filter(account_external_id=channel.account_external_id)
    same = ours.filter(name=content.get("name", ""), language=content.get("language", ""))
    return same.values_list("category", flat=True).first() or ""


def choices(templates: Iterable[MessageTemplate], *, words: str, language: str) -> list[Choice]:
    """Those whose name or text holds `words`, each once, beginning with the person's language."""
    wanted = words.casefold().split()
    names: dict[str, list[MessageTemplate]] = {}
    for template in templates:
        if parts_of(template).is_fillable:
            names.setdefault(template.name, []).append(template)
    return [
        Choice(best_for(language, group), tuple(sorted(group, key=attrgetter("language"))))
        for group in names.values()
        if any(_holds(template, wanted) for template in group)
    ]


def best_for(language: str, templates: Iterable[MessageTemplate]) -> MessageTemplate:
    """The person's language, then the same one of another country, then English, then whatever there is."""
    spoken = language.replace("-", "_").casefold()

    def rank(template: MessageTemplate) -> tuple[int, str]:
        said = template.language.casefold()
        same = said.partition("_")[0] == spoken.partition("_")[0]
        order = [said == spoken, same, said.partition("_")[0] == "en", True]
        return order.index(True), said

    return min(templates, key=rank)


def _holds(template: MessageTemplate, wanted: list[str]) -> bool:
    parts = parts_of(template)
    texts = (template.name, parts.main.header_text, parts.main.body, parts.main.footer)
    said = " ".join((*texts, template.name.replace("_", " "))).casefold()
    return all(word in said for word in wanted)
