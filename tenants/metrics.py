"""Figures for a monitor, without company names: what is slow, what waits, what failed."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from tenants.models import Company, DueWork, Mail, MailState, ParkedTask

REGISTRY = CollectorRegistry()
REQUESTS = Counter("botschaft_requests_total", "Answers by route and status", ["route", "status"], registry=REGISTRY)
SECONDS = Histogram(
    "botschaft_request_seconds",
    "Time to answer by route",
    ["route"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    registry=REGISTRY,
)
COMPANIES = Gauge("botschaft_companies", "Companies by state", ["state"], registry=REGISTRY)
DUE = Gauge("botschaft_due_work", "Rows of due work that wait longer than a minute", registry=REGISTRY)
PARKED = Gauge("botschaft_parked_tasks", "Tasks parked for a person to look at", registry=REGISTRY)
MAIL = Gauge("botschaft_mail", "Mail by state", ["state"], registry=REGISTRY)


def observe_request(request: HttpRequest, answer: HttpResponseBase, seconds: float) -> None:
    route = request.resolver_match.view_name if request.resolver_match else "none"
    REQUESTS.labels(route, str(answer.status_code)).inc()
    SECONDS.labels(route).observe(seconds)


def exposition() -> tuple[bytes, str]:
    """The text Prometheus reads, and its content type."""
    for state in Company._meta.get_field("state").choices or []:
        COMPANIES.labels(state[0]).set(Company.objects.filter(state=state[0]).count())
    late = timezone.now() - timedelta(minutes=1)
    DUE.set(DueWork.objects.filter(due_at__lt=late).count())
    PARKED.set(ParkedTask.objects.count())
    for state in (MailState.QUEUED, MailState.SENDING, MailState.FAILED):
        MAIL.labels(str(state)).set(Mail.objects.filter(state=state).count())
    return generate_latest(REGISTRY), CONTENT_TYPE_LATEST
