"""A worker for as long as it lives: `… <schema> <feed|pump|both> <seconds its clock is ahead>`."""

from __future__ import annotations

import os
import sys
import time
from datetime import datetime, timedelta

import django
from django.utils import timezone

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

# Only after Django is set up may anything be imported that has models.
from config import garbage  # noqa: E402
from messaging.broadcasts import running  # noqa: E402
from messaging.broadcasts.running import Clock  # noqa: E402
from messaging.broadcasts.services import KIND  # noqa: E402
from messaging.messages import pump  # noqa: E402
from messaging.messages.models import Lane  # noqa: E402
from tenants.context import company_context  # noqa: E402
from tenants.models import Company, DueWork  # noqa: E402
from tenants.services import due  # noqa: E402

MOMENT = 0.02


def feed(company: Company, clock: Clock) -> bool:
    """As the task does, once it is due; whether messages were made."""
    if not DueWork.objects.filter(kind=KIND, company=company, due_at__lte=clock()).exists():
        return False
    round = due.begin(KIND, company)
    ran = running.run(clock=clock)
    due.settle(round, ran.again_at)
    return ran.made > 0


def main(schema_name: str, role: str, seconds: str) -> None:
    ahead = timedelta(seconds=float(seconds))

    def clock() -> datetime:
        return timezone.now() + ahead

    company = Company.objects.get(schema_name=schema_name)
    garbage.collect_rarely()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    with company_context(company):
        while True:
            busy = role in {"feed", "both"} and feed(company, clock)
            if role in {"pump", "both"}:
                busy = pump.deliver(company, Lane.BULK, clock=clock).again or busy
            if not busy:
                # A nudge would wake a worker of Celery; this one looks whether something is due.
                time.sleep(MOMENT)


if __name__ == "__main__":
    main(*sys.argv[1:])
