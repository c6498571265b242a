"""The demo's conversations as they stand in weeks/*.txt, with their times counted back from now.

    label Beschwerde red                 a label of the company, and its tone
    == Anna Schäfer                      whose conversation; "== Mia Sommer @mia.sommer" shows only a user name
    D-31 09:12 > Guten Morgen            31 days ago at 9:12 the customer writes; an indented line goes on with the text
    +6m Malik Guten Morgen, Frau …       six minutes later Malik answers
    -3h20 Malik!delivered Ist unterwegs  3 hours and 20 minutes before now; delivered, not read
    +1m > @quote So meinte ich das.      a verb and what it needs, parted by " | "; sayings.py lists them

What becomes of an answer: read unless the name is followed by !delivered, !unknown or the code it fails with.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

FOLDER = Path(__file__).with_name("weeks")
ZONE = ZoneInfo("Europe/Berlin")  # where both companies are
CUSTOMER = ">"
LINE = re.compile(r"(D[-+]\d+ \d\d:\d\d|[-+][\dhms]+) (\S+) (.*)")
SPAN = re.compile(r"(?:(\d+)h)?(?:(\d+)m?)?(?:(\d+)s)?")
# What may be quoted, reacted to, answered by a button.
NO_MESSAGE = {"react", "edit", "revoke", "note", "take", "give", "free", "label", "resolve", "reopen", "snooze"}
ABOUT_THE_OTHER = {"quote", "react", "button", "tap", "choose"}
ABOUT_ONES_OWN = {"edit", "revoke"}


@dataclass
class Entry:
    """One thing that happened. `about` is the message it quotes, answers or changes."""

    id: str
    at: datetime
    who: str
    verb: str
    text: str
    outcome: str = "read"
    about: str = ""
    # When the next thing happened: an answer was read before that.
    until: datetime | None = None
    # What was put off comes back at this time.
    back_at: datetime | None = None

    @property
    def is_customers(self) -> bool:
        return self.who == CUSTOMER

    @property
    def is_message(self) -> bool:
        return self.verb not in NO_MESSAGE

    @property
    def parts(self) -> list[str]:
        return [part.strip() for part in self.text.split(" | ")]


@dataclass
class Story:
    """One conversation."""

    name: str
    username: str = ""
    entries: list[Entry] = field(default_factory=list)


@dataclass
class Weeks:
    """All that is told of a company."""

    labels: list[tuple[str, str]] = field(default_factory=list)
    stories: list[Story] = field(default_factory=list)


def weeks_of(company: str, now: datetime) -> Weeks:
    """The conversations of a demo company. ValueError names the line that cannot be read."""
    reader = _Reader(company, now)
    for number, line in enumerate((FOLDER / f"{company}.txt").read_text(encoding="utf-8").splitlines(), 1):
        try:
            reader.read(line)
        except ValueError as error:
            raise ValueError(f"{company}.txt:{number}: {error}") from error
    for story in reader.weeks.stories:
        for entry, following in zip(story.entries, story.entries[1:], strict=False):
            entry.until = following.at
        story.entries[-1].until = now
    return reader.weeks


class _Reader:
    def __init__(self, company: str, now: datetime) -> None:
        self.company = company
        self.now = now
        self.weeks = Weeks()

    def read(self, line: str) -> None:
        if line.startswith("label "):
            name, _, tone = line.removeprefix("label ").rpartition(" ")
            self.weeks.labels.append((name, tone))
        elif line.startswith("== "):
            name, _, username = line.removeprefix("== ").partition(" @")
            self.weeks.stories.append(Story(name, username))
        elif line.startswith("  "):
            self.story.entries[-1].text += f"\n{line.strip()}"
        elif line and not line.startswith("#"):
            self.story.entries.append(self.entry(line))

    @property
    def story(self) -> Story:
        return self.weeks.stories[-1]

    def entry(self, line: str) -> Entry:
        if (match := LINE.fullmatch(line)) is None:
            raise ValueError(line)
        when, who, text = match.groups()
        who, _, outcome = who.partition("!")
        verb = ""
        if text.startswith("@"):
            verb, _, text = text[1:].partition(" ")
        verb, _, back = verb.partition(":")
        made = Entry(self.key(), self.time(when), who, verb, text, outcome or "read")
        if verb == "snooze":
            made.back_at = self.time(text)
        if verb in ABOUT_THE_OTHER or verb in ABOUT_ONES_OWN:
            made.about = self.earlier(made, int(back or 1)).id
        return made

    def key(self) -> str:
        """An id as the provider makes them, the same at every start."""
        seed = f"{self.company}/{self.story.name}/{len(self.story.entries)}"
        return "wamid." + base64.b64encode(b"\x1d\x18" + hashlib.sha256(seed.encode()).digest()).decode()

    def time(self, when: str) -> datetime:
        if when.startswith("D"):
            days, clock = when[1:].split(" ")
            day = self.now.astimezone(ZONE) + timedelta(days=int(days))
            hour, minute = clock.split(":")
            return day.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
        start = self.story.entries[-1].at if when.startswith("+") else self.now
        return start + span(when[1:]) if when.startswith("+") else start - span(when[1:])

    def earlier(self, entry: Entry, back: int) -> Entry:
        """The newest message of the other side, or one's own; `back` counts further into the past."""
        own = entry.verb in ABOUT_ONES_OWN
        fits = [one for one in self.story.entries if one.is_message and (one.is_customers == entry.is_customers) == own]
        return fits[-back]


def span(text: str) -> timedelta:
    """3h20, 45m, 30s."""
    match = SPAN.fullmatch(text)
    hours, minutes, seconds = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    if not hours + minutes + seconds:
        raise ValueError(f"no time: {text}")
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)
