"""Everything the provider knows, found by the keys it is asked by."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from messaging.sandbox import dialling, ids
from messaging.sandbox.clock import Clock, Schedule
from messaging.sandbox.hub import Hub
from messaging.sandbox.limits import Limits
from messaging.sandbox.model import (
    KINDS,
    Account,
    Media,
    Message,
    Number,
    Person,
    Template,
    Token,
    as_json,
    from_json,
)
from messaging.sandbox.store import Store
from messaging.sandbox.webhooks import Outbox

WINDOW = 86_400.0
ENTRY_WINDOW = 72 * 3600.0
MONTH = 30 * WINDOW


class World:
    def __init__(self, folder: Path, *, base_url: str = "", keep: bool = True, seed: int | None = None) -> None:
        self.base_url = base_url
        self.clock = Clock()
        self.schedule = Schedule(self.clock)
        self.outbox = Outbox(self.clock, self.schedule)
        self.hub = Hub()
        self.limits = Limits()
        self.store = Store(folder, keep=keep)
        self.random = random.Random(seed)  # noqa: S311  chance, not secrecy
        self.writer: asyncio.Task[None] | None = None
        self.stopping = asyncio.Event()
        self.forget()
        for kind, _key, body in self.store.load():
            self.take_in(kind, from_json(kind, body) if kind in KINDS else body)
        self.index_chats()

    def forget(self) -> None:
        self.tokens: dict[str, Token] = {}
        self.accounts: dict[str, Account] = {}
        self.numbers: dict[str, Number] = {}
        self.people: dict[str, Person] = {}
        self.by_phone: dict[str, str] = {}
        self.by_user_id: dict[str, str] = {}
        self.user_ids: dict[tuple[str, str], str] = {}
        self.messages: dict[str, Message] = {}
        self.templates: dict[str, Template] = {}
        self.by_name: dict[tuple[str, str, str], str] = {}
        self.media: dict[str, Media] = {}
        self.uploads: dict[str, dict[str, Any]] = {}
        self.chats: dict[tuple[str, str], list[str]] = {}
        self.last_inbound: dict[tuple[str, str], float] = {}
        self.ad_arrival: dict[tuple[str, str], float] = {}
        self.entry_until: dict[tuple[str, str], float] = {}
        self.phone_known: dict[tuple[str, str], float] = {}
        self.open_chat: dict[str, str] = {}
        self.waiting: dict[str, list[str]] = {}  # person: messages that are not delivered yet
        self.deleted_names: dict[tuple[str, str], float] = {}
        self.bursts: dict[tuple[str, str], int] = {}
        self.numbers_made = itertools.count(1)
        self.sequence = itertools.count(1)
        self.refused: dict[str, int] = {}

    def take_in(self, kind: str, thing: Any) -> None:
        if kind == "token":
            self.tokens[thing.value] = thing
        elif kind == "template":
            self.templates[thing.id] = thing
            self.by_name[thing.account_id, thing.name, thing.language] = thing.id
        elif kind == "person":
            self.people[thing.id] = thing
            if thing.phone:
                self.by_phone[thing.phone] = thing.id
        else:
            tables: dict[str, dict[str, Any]] = {
                "account": self.accounts,
                "number": self.numbers,
                "message": self.messages,
                "media": self.media,
            }
            tables[kind][thing.id] = thing

    def index_chats(self) -> None:
        """What is not written down because it follows from the messages."""
        last = 0
        for message in sorted(self.messages.values(), key=lambda one: (one.at, one.seq)):
            key = (message.number_id, message.person_id)
            self.chats.setdefault(key, []).append(message.id)
            last = max(last, message.seq)
            if message.inbound:
                self.last_inbound[key] = message.at
            elif message.status == "sent":
                self.waiting.setdefault(message.person_id, []).append(message.id)
        self.sequence = itertools.count(last + 1)
        made = [int(key) for key in self.people if key.isdecimal()]
        self.numbers_made = itertools.count(max(made, default=0) + 1)

    # --- Life -------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        await self.outbox.start()
        self.outbox.resume(self.store.load_unfinished())
        self.writer = asyncio.create_task(self.store.keep_writing(self.as_stored))

    async def stop(self) -> None:
        self.stopping.set()
        if self.writer:
            self.writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.writer
        self.store.save_unfinished(self.outbox.unfinished())
        await self.outbox.stop()
        self.store.write(self.store.take(self.as_stored))

    def as_stored(self, kind: str, key: str) -> Any:
        tables: dict[str, dict[str, Any]] = {
            "token": self.tokens,
            "account": self.accounts,
            "number": self.numbers,
            "person": self.people,
            "message": self.messages,
            "template": self.templates,
            "media": self.media,
        }
        found = tables[kind].get(key)
        return None if found is None else as_json(kind, found)

    def reset(self) -> None:
        for kind, table in (
            ("token", self.tokens),
            ("account", self.accounts),
            ("number", self.numbers),
            ("person", self.people),
            ("message", self.messages),
            ("template", self.templates),
            ("media", self.media),
        ):
            for key in table:
                self.store.mark(kind, key)
        self.forget_messages()
        self.forget()
        self.clock.offset = 0.0

    def forget_messages(self) -> None:
        """Phones and limits are empty again; accounts, people, templates stay."""
        for key in self.messages:
            self.store.mark("message", key)
        kept = (self.tokens, self.accounts, self.numbers, self.people, self.by_phone, self.by_user_id, self.user_ids)
        templates, by_name, media, made = self.templates, self.by_name, self.media, self.numbers_made
        self.forget()
        self.tokens, self.accounts, self.numbers, self.people, self.by_phone, self.by_user_id, self.user_ids = kept
        self.templates, self.by_name, self.media, self.numbers_made = templates, by_name, media, made
        self.schedule.clear()
        self.outbox.clear()
        self.limits.clear()

    def save(self, kind: str, thing: Any) -> None:
        key = thing.value if kind == "token" else thing.id
        self.store.mark(kind, key)

    def now(self) -> float:
        return self.clock.now()

    # --- People -----------------------------------------------------------------------------------------------------

    def person_at(self, digits: str) -> Person:
        """Whoever has this number; the provider knows everybody, so a stranger is made at once."""
        phone = dialling.wa_id(digits)
        known = self.by_phone.get(phone)
        return self.people[known] if known else self.add_person(Person("", "", phone=phone, dialled=digits))

    def add_person(self, person: Person) -> Person:
        person.id = person.id or str(next(self.numbers_made))
        if person.phone:
            person.dialled = person.dialled or person.phone
            person.phone = dialling.wa_id(person.phone)
            person.country = dialling.country(person.phone)
        self.take_in("person", person)
        self.save("person", person)
        return person

    def user_id(self, account: Account, person: Person) -> str:
        key = (account.portfolio_id, person.id)
        found = self.user_ids.get(key)
        if found is None:
            found = ids.user_id(person.country, account.portfolio_id, f"{person.id}.{person.key}")
            self.user_ids[key] = found
            self.by_user_id[found] = person.id
        return found

    def person_of_user_id(self, account: Account, user_id: str) -> Person | None:
        if user_id not in self.by_user_id:
            for person in self.people.values():
                self.user_id(account, person)
        person_id = self.by_user_id.get(user_id)
        if person_id is None or self.user_ids.get((account.portfolio_id, person_id)) != user_id:
            return None
        return self.people[person_id]

    def phone_shown(self, account: Account, person: Person) -> str:
        """'' for people with a username, unless the business wrote to their number in the last 30 days (§11)."""
        if not person.hides_phone:
            return person.phone
        known = self.phone_known.get((account.portfolio_id, person.id), 0.0)
        return person.phone if known > self.now() - MONTH else ""

    # --- Windows ----------------------------------------------------------------------------------------------------

    def window_open(self, number_id: str, person_id: str) -> bool:
        return self.last_inbound.get((number_id, person_id), 0.0) > self.now() - WINDOW

    def entry_open(self, number_id: str, person_id: str) -> bool:
        return self.entry_until.get((number_id, person_id), 0.0) > self.now()

    # --- Accounts ---------------------------------------------------------------------------------------------------

    def account_of(self, number: Number) -> Account:
        return self.accounts[number.account_id]

    def numbers_of(self, account_id: str) -> Iterator[Number]:
        return (number for number in self.numbers.values() if number.account_id == account_id)

    def templates_of(self, account_id: str) -> list[Template]:
        return [template for template in self.templates.values() if template.account_id == account_id]

    def template(self, account_id: str, name: str, language: str) -> Template | None:
        found = self.by_name.get((account_id, name, language))
        return self.templates.get(found) if found else None

    def chat(self, number_id: str, person_id: str) -> list[Message]:
        return [self.messages[key] for key in self.chats.get((number_id, person_id), ())]

    def add_message(self, message: Message) -> None:
        self.messages[message.id] = message
        self.chats.setdefault((message.number_id, message.person_id), []).append(message.id)
        self.save("message", message)
