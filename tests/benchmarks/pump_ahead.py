"""A worker whose clock goes ahead, for as long as something is due: `… <schema> <seconds>`."""

from __future__ import annotations

import os
import sys
from datetime import datetime, timedelta

import django
from django.utils import timezone

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

# Only after Django is set up may anything be imported that has models.
from config import garbage  # noqa: E402
from messaging.messages import pump  # noqa: E402
from messaging.messages.models import Lane  # noqa: E402
from tenants.context import company_context  # noqa: E402
from tenants.models import Company  # noqa: E402


def main(schema_name: str, seconds: str) -> None:
    ahead = timedelta(seconds=float(seconds))

    def clock() -> datetime:
        return timezone.now() + ahead

    garbage.collect_rarely()
    company = Company.objects.get(schema_name=schema_name)
    with company_context(company):
        while pump.deliver(company, Lane.BULK, clock=clock).again:
            pass


if __name__ == "__main__":
    main(*sys.argv[1:])
