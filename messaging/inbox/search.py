"""Finding a conversation: by the contact's name, any form of their number, or words of a message."""

from __future__ import annotations

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import OuterRef, Q, QuerySet, Subquery

from messaging.contacts.models import Contact
from messaging.conversations.querysets import ConversationQuerySet
from messaging.messages.models import Message


def found_by(conversations: ConversationQuerySet, words: str) -> ConversationQuerySet:
    """Those that `words` point to. The text is looked up in its index, so a million messages do not slow it down."""
    return conversations.filter(
        Q(contact__in=Contact.objects.found_by(words)) | Q(pk__in=_written(words).values("conversation"))
    )


def hit_in(words: str) -> Subquery:
    """The newest message of a conversation that holds the words."""
    of_it = _written(words).filter(conversation=OuterRef("pk")).order_by("-at", "-pk")
    return Subquery(of_it.values("text")[:1])


def _written(words: str) -> QuerySet[Message]:
    return Message.objects.annotate(words=SearchVector("text", config="simple")).filter(
        words=SearchQuery(words, config="simple", search_type="websearch")
    )
