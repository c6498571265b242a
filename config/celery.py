"""The Celery application: it carries nudges; the rows in PostgreSQL say what is to do."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init

from config import garbage

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("botschaft", task_cls="tenants.company_task:SharedTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect(dispatch_uid="config.celery")
def settle(**_signal: Any) -> None:
    """All tasks are loaded, and no process is forked yet."""
    garbage.collect_rarely()
