from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config import bench
from tenants.context import company_context
from tenants.models import Domain, Membership


class Command(BaseCommand):
    help = "Fills a company with conversations of believable sizes, to look at its pages under load."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--company", required=True, help="its address name")
        parser.add_argument("--conversations", type=int, default=20_000)
        parser.add_argument("--messages", type=int, default=1_000_000)

    def handle(self, *args: Any, company: str, conversations: int, messages: int, **options: Any) -> None:
        domain = Domain.objects.filter(domain=company).select_related("tenant").first()
        if domain is None:
            raise CommandError(f"There is no company at {company}.")
        if not 0 < conversations <= messages:
            raise CommandError("Each conversation has a message at least.")
        members = Membership.objects.filter(company=domain.tenant).order_by("pk")
        started = time.monotonic()
        with company_context(domain.tenant):
            bench.make_conversations(conversations, messages, assignees=[one.user_id for one in members[:2]])
        self.stdout.write(f"{conversations:,} conversations, {messages:,} messages: {time.monotonic() - started:.1f} s")
