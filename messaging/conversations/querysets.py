"""Ways of reading conversations."""

from __future__ import annotations

from typing import Any

from django.db import models


class ConversationQuerySet(models.QuerySet[Any]):
    def for_inbox(self) -> ConversationQuerySet:
        """With all that a card shows, newest first."""
        return self.select_related("contact", "channel", "identity").order_by("-last_message_at", "-pk")

    def in_scope(self, scope: str, user_id: int) -> ConversationQuerySet:
        """Mine, those of nobody, or all; anything else is all."""
        if scope == "mine":
            return self.filter(assignee_id=user_id)
        return self.filter(assignee_id=None) if scope == "unassigned" else self
