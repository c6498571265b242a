"""The bases of every Celery task: one for the shared schema, one that runs inside a company.

Celery swallows errors of its signal handlers and runs the task all the same, so a company set up in a signal
may be missing while its task writes into the shared schema. Here the company is loaded, asserted and left in the
call itself; what cannot be run in its company is parked, never run elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, overload

import structlog
from celery import Task, shared_task as celery_task
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from tenants.context import assert_schema, company_context, shared_context
from tenants.models import Company, CompanyState, ParkedTask

log = structlog.get_logger(__name__)


class SharedTask(Task[..., Any]):
    """A task of the shared schema, whatever the worker did before. `workers` names the queue its nudges go to."""

    workers = "default"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with shared_context():
            return self.run(*args, **kwargs)

    def nudge(self, *args: Any) -> None:
        """Ask a worker to look after the next commit. A broker that is away costs time only: the sweep asks again."""
        self._send_on_commit(args)

    def _send_on_commit(self, args: tuple[Any, ...]) -> None:
        transaction.on_commit(lambda: self._send(args))

    def _send(self, args: tuple[Any, ...]) -> None:
        try:
            self.apply_async(args=args, queue=self.workers)
        except (OperationalError, OSError) as error:
            log.warning("nudge.lost", task=self.name, error=type(error).__name__)


class CompanyTask(SharedTask):
    """A task inside one company: called with the schema's name first, run with the loaded company first.

    `runs_while_suspended` lets a task go on for a suspended company (to end things, never to send).
    """

    runs_while_suspended = False

    def __call__(self, schema_name: str, *args: Any, **kwargs: Any) -> Any:
        with shared_context():
            company = Company.objects.filter(schema_name=schema_name).first()
            refusal = self._refusal(company)
            if company is None or refusal:
                self._park(schema_name, args, refusal)
                return None
            with company_context(company):
                assert_schema(company.schema_name)
                with structlog.contextvars.bound_contextvars(company=company.public_id):
                    return self.run(company, *args, **kwargs)

    def nudge(self, company: Company, *args: Any) -> None:
        self._send_on_commit((company.schema_name, *args))

    def _refusal(self, company: Company | None) -> str:
        if company is None:
            return "There is no company with this schema"
        if company.state == CompanyState.ACTIVE:
            return ""
        if company.state == CompanyState.SUSPENDED and self.runs_while_suspended:
            return ""
        return f"The company is {company.state}"

    def _park(self, schema_name: str, args: tuple[Any, ...], reason: str) -> None:
        log.warning("task.parked", task=self.name, schema=schema_name, reason=reason)
        # The sweep asks again and again: the same task for the same company is one row to look at.
        ParkedTask.objects.update_or_create(
            task=self.name or "",
            schema_name=schema_name[:63],
            arguments=list(args),
            defaults={"reason": reason, "parked_at": timezone.now()},
        )


def shared_task(function: Callable[..., Any]) -> SharedTask:
    """Make a function a task of the shared schema."""
    return celery_task(base=SharedTask)(function)


@overload
def company_task(function: Callable[..., Any]) -> CompanyTask: ...
@overload
def company_task(*, queue: str) -> Callable[[Callable[..., Any]], CompanyTask]: ...
def company_task(function: Callable[..., Any] | None = None, *, queue: str = "default") -> Any:
    """Make a function, whose first argument is the company, a task of that company; `queue` names its workers."""
    make = celery_task(base=CompanyTask, workers=queue)
    return make(function) if function else make
