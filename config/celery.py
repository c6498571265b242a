"""The Celery application: it carries nudges; the rows in PostgreSQL say what is to do."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("botschaft", task_cls="tenants.company_task:SharedTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
