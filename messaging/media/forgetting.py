"""When a person is removed, what they sent and were sent goes too: its bytes after the commit, by a worker."""

from __future__ import annotations

from messaging.contacts import services as contacts
from messaging.contacts.models import Contact
from messaging.messages.models import Attachment
from tenants.services import files


def forget_files_of(contact: Contact) -> None:
    """In the transaction that removes the contact."""
    rows = Attachment.objects.filter(message__conversation__contact=contact).exclude(key="")
    keys = [key for pair in rows.values_list("key", "thumbnail_key") for key in pair if key]
    files.loosen(keys)


contacts.before_removal(forget_files_of)
