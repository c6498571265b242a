"""Files to a person: checked before anything is queued, stored, and queued as one message each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from messaging.channels.base import MessageType
from messaging.channels.capabilities import Capabilities, capabilities_of
from messaging.channels.services import hold
from messaging.conversations.models import Conversation
from messaging.media.fitting import FileRefused, Fitted, fit
from messaging.media.storing import Kept, store
from messaging.messages.answering import Unseen, unseen
from messaging.messages.models import Attachment, AttachmentState, Message
from messaging.messages.nudging import UPLOAD, announce_files
from messaging.messages.services import check_way, reply
from tenants.lib.ids import new_public_id
from tenants.models import User
from tenants.services import files as kept_files

MOST_FILES = 10
PIECE = 256 * 1024


class FilesRefused(Exception):
    """Nothing was queued; `problems` says for each file why."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Upload:
    """A file as somebody chose it, or recorded it."""

    name: str
    source: IO[bytes] | Iterable[bytes]
    is_voice: bool = False


@dataclass(frozen=True)
class Part:
    """One message to be written: a text, or a file with perhaps a caption."""

    text: str
    fitted: Fitted | None = None
    kept: Kept | None = None


def send_files(
    conversation: Conversation,
    *,
    author: User | None,
    uploads: Sequence[Upload],
    caption: str = "",
    reply_to: Message | None = None,
    client_key: str = "",
    seen: str = "",
) -> list[Message]:
    """Queue a message for each file; `caption` goes with the first, or before it as a text where it takes none.

    All or nothing. The same `client_key` again gives the first messages. Raises FilesRefused, Unseen (with
    an author and `seen`, the newest message their page shows), or like `reply`.
    """
    check_way(conversation, MessageType.DOCUMENT)
    if first := _written(conversation, client_key):
        return first
    can = capabilities_of(conversation.channel.kind)
    if len(uploads) > MOST_FILES:
        raise FilesRefused([_("At most %(count)d files at once.") % {"count": MOST_FILES}])
    with TemporaryDirectory(prefix="media-") as folder:
        fitted = _fit_all(uploads, can, Path(folder))
        kept = _store_all(fitted)
        return _write(
            conversation,
            _parts(fitted, kept, caption, can),
            author,
            reply_to=reply_to,
            client_key=client_key,
            seen=seen,
        )


def _fit_all(uploads: Sequence[Upload], can: Capabilities, folder: Path) -> list[Fitted]:
    fitted, problems = [], []
    for upload in uploads:
        path = folder / new_public_id()
        _copy(upload, path)
        try:
            fitted.append(fit(path, upload.name, can, is_voice=upload.is_voice))
        except FileRefused as refusal:
            problems.append(str(refusal))
    if problems:
        raise FilesRefused(problems)
    return fitted


def _copy(upload: Upload, path: Path) -> None:
    with path.open("wb") as target:
        for piece in _pieces(upload.source):
            target.write(piece)


def _pieces(source: Any) -> Iterator[bytes]:
    if not hasattr(source, "read"):
        yield from source
        return
    while piece := source.read(PIECE):
        yield piece


def _store_all(fitted: Sequence[Fitted]) -> list[Kept]:
    try:
        return [store(one.prepared) for one in fitted]
    except kept_files.TROUBLE as trouble:
        raise FilesRefused([_("The files cannot be kept at the moment. Try again in a minute.")]) from trouble


def _parts(fitted: Sequence[Fitted], kept: Sequence[Kept], caption: str, can: Capabilities) -> list[Part]:
    """A caption goes with the first file, if that can have one as long as this."""
    pairs = list(zip(fitted, kept, strict=True))
    fits = bool(pairs) and len(caption) <= can.files[pairs[0][0].type].caption
    parts = [Part(caption)] if caption and not fits else []
    return parts + [Part(caption if fits and not index else "", *pair) for index, pair in enumerate(pairs)]


@transaction.atomic
def _write(
    conversation: Conversation,
    parts: Sequence[Part],
    author: User | None,
    *,
    reply_to: Message | None,
    client_key: str,
    seen: str,
) -> list[Message]:
    hold(conversation.channel)
    # The same form twice at once: the second waits here, and finds what the first has written.
    Conversation.objects.select_for_update(of=("self",)).get(pk=conversation.pk)
    if first := _written(conversation, client_key):
        return first
    if author and seen and (found := unseen(conversation, seen, author)):
        raise Unseen(found)
    # Before the messages put money aside and tell browsers of themselves, which comes last.
    if any(part.fitted for part in parts):
        announce_files(UPLOAD)
    written = []
    for index, part in enumerate(parts):
        quoted = reply_to if not index else None
        message = _queue(conversation, part, author, quoted, _key_of(client_key, index))
        written.append(message)
    return written


def _queue(
    conversation: Conversation, part: Part, author: User | None, reply_to: Message | None, client_key: str
) -> Message:
    if part.fitted is None or part.kept is None:
        return reply(conversation, author=author, text=part.text, reply_to=reply_to, client_key=client_key)
    content = {**part.fitted.content, **({"caption": part.text} if part.text else {})}
    message = reply(
        conversation,
        author=author,
        text=part.text,
        type=part.fitted.type,
        content=content,
        reply_to=reply_to,
        client_key=client_key,
        has_file=True,
    )
    Attachment.objects.create(
        message=message,
        filename=part.fitted.name,
        is_voice=part.fitted.is_voice,
        state=AttachmentState.OUTGOING,
        due_at=timezone.now(),
        **part.kept.columns(),
    )
    kept_files.keep(part.kept.keys)
    return message


def _key_of(client_key: str, index: int) -> str:
    return f"{client_key}.{index}" if client_key and index else client_key


def _written(conversation: Conversation, client_key: str) -> list[Message]:
    if not client_key:
        return []
    keys = [_key_of(client_key, index) for index in range(MOST_FILES + 1)]
    return list(Message.objects.filter(conversation=conversation, client_key__in=keys).order_by("pk"))
