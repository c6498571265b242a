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
from messaging.broadcasts import running  # noqa: E402
from messaging.messages import pump  # noqa: E402
from messaging.messages.models import Lane  # noqa: E402
from tenants.context import company_context  # noqa: E402
from tenants.models import Company  # noqa: E402

MOMENT = 0.01


def main(schema_name: str, role: str, seconds: str) -> None:
    ahead = timedelta(seconds=float(seconds))

    def clock() -> datetime:
        return timezone.now() + ahead

    company = Company.objects.get(schema_name=schema_name)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    with company_context(company):
        while True:
            busy = False
            if role in {"feed", "both"}:
                busy = running.run(clock=clock).made > 0
            if role in {"pump", "both"}:
                busy = pump.deliver(company, Lane.BULK, clock=clock).again or busy
            if not busy:
                # A nudge would wake a worker of Celery; this one looks for itself.
                time.sleep(MOMENT)


if __name__ == "__main__":
    main(*sys.argv[1:])
