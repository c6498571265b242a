"""Many threads ask for pages of several companies at once; nobody may ever see another company's word.

Half of them come as uvicorn asks Django in production, half as a server with threads would; now and then one runs a
task as a worker does. All share the pool of connections of production. Each thread goes from company to company, so
that whatever a request leaves behind is met by another company's.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

from django.core.signals import got_request_exception
from django.db import close_old_connections

from config.demo.console import Console
from messaging.contacts.models import Contact
from tenants.company_task import CompanyTask
from tenants.context import company_context
from tests.benchmarks.report import Figure, Goal
from tests.benchmarks.tenants.attempts import next_attempt
from tests.benchmarks.tenants.crowd import Tenant, customer_names, make_tenants
from tests.benchmarks.tenants.doors import Door, both_doors

THREADS, COMPANIES = 12, 5
SECONDS, MOST_REQUESTS = 20.0, 50_000
TASK_EVERY = 20
NONE = Goal(0, "lower")


@dataclass
class Findings:
    """What one thread, or all of them, met."""

    requests: int = 0
    tasks: int = 0
    foreign_rows: int = 0
    errors: Counter[str] = field(default_factory=Counter)

    def add(self, other: Findings) -> None:
        self.requests += other.requests
        self.tasks += other.tasks
        self.foreign_rows += other.foreign_rows
        self.errors += other.errors


def measure(console: Console) -> list[Figure]:
    tenants = make_tenants(COMPANIES)
    close_old_connections()
    began = time.monotonic()
    found = _soak(tenants)
    took = time.monotonic() - began
    found.foreign_rows += sum(_foreign_contacts(tenant) for tenant in tenants)
    for error, times in found.errors.most_common(20):
        console.problem(f"{times} × {error}")
    return [
        Figure("soak_requests", found.requests, ""),
        Figure("soak_tasks", found.tasks, ""),
        Figure("soak_foreign_rows", found.foreign_rows, "", NONE),
        Figure("soak_errors", found.errors.total(), "", NONE),
        Figure("soak_requests_per_second", found.requests / took, "/s"),
    ]


def _soak(tenants: Sequence[Tenant]) -> Findings:
    found = [Findings() for _ in range(THREADS)]
    task = customer_names()
    with both_doors() as doors, _causes_of_broken_pages() as causes:
        threads = [
            threading.Thread(target=Visitor(number, doors[number % 2], tenants, task, found[number]).stay)
            for number in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    together = Findings()
    for part in found:
        together.add(part)
    together.errors += causes
    return together


@contextmanager
def _causes_of_broken_pages() -> Iterator[Counter[str]]:
    """What a view has raised, which its page of status 500 does not tell."""
    causes: Counter[str] = Counter()

    def note(**_: object) -> None:
        causes[repr(sys.exc_info()[1])[:300]] += 1

    got_request_exception.connect(note)
    try:
        yield causes
    finally:
        got_request_exception.disconnect(note)


@dataclass
class Visitor:
    number: int
    door: Door
    tenants: Sequence[Tenant]
    task: CompanyTask
    found: Findings

    def stay(self) -> None:
        random = Random(self.number)
        end = time.monotonic() + SECONDS
        while time.monotonic() < end and self.found.requests < MOST_REQUESTS / THREADS:
            tenant, other = random.sample(self.tenants, 2)
            try:
                self._ask(tenant, other, random)
                if self.found.requests % TASK_EVERY == 0:
                    self._run_task(tenant)
            except Exception as error:  # noqa: BLE001  it is counted, and the others go on
                self.found.errors[repr(error)[:300]] += 1

    def _ask(self, tenant: Tenant, other: Tenant, random: Random) -> None:
        self.found.requests += 1
        attempt = next_attempt(tenant, other, random)
        answer = self.door.ask(attempt.question)
        asked = f"{attempt.question.method} {attempt.question.path} of {tenant.mark}"
        self._look_for_others(answer.text, tenant, asked)
        if answer.status != attempt.status:
            self.found.errors[f"{asked}: {answer.status} instead of {attempt.status}"] += 1
        elif attempt.shows not in answer.text:
            self.found.errors[f"{asked}: lacks its company's word"] += 1

    def _run_task(self, tenant: Tenant) -> None:
        self.found.tasks += 1
        names = self.task(tenant.company.schema_name)
        close_old_connections()  # as Celery does after a task
        self._look_for_others(" ".join(names), tenant, "task")
        if tenant.mark not in " ".join(names):
            self.found.errors[f"task of {tenant.mark}: lacks its company's word"] += 1

    def _look_for_others(self, text: str, tenant: Tenant, asked: str) -> None:
        seen = [other.mark for other in self.tenants if other is not tenant and other.mark in text]
        if seen:
            self.found.foreign_rows += sum(text.count(mark) for mark in seen)
            self.found.errors[f"{asked}: shows {', '.join(seen)}"] += 1


def _foreign_contacts(tenant: Tenant) -> int:
    """Rows that a write has put into the wrong schema."""
    with company_context(tenant.company):
        return Contact.objects.exclude(name__contains=tenant.mark, note__contains=tenant.mark).count()
