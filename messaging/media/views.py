"""A conversation's files, for those who may read it. They are hostile until proven otherwise, and served as such."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.http import Http404, HttpResponse, HttpResponseBase, HttpResponseNotModified, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header, parse_etags
from django.views.decorators.http import require_safe

from messaging.media.kinds import ANYTHING
from messaging.media.naming import download_name
from messaging.media.preparing import SHOWN
from messaging.media.ranges import NotThere, read_range
from messaging.messages.models import Attachment
from tenants.access import role_required
from tenants.models import Role
from tenants.request import Request
from tenants.services import files

THUMBNAIL_TYPE = "image/webp"
# It can do nothing, wherever it is opened.
POLICY = "sandbox; default-src 'none'"
PRIVATE = "private, max-age=600"


class FileAnswer(StreamingHttpResponse):
    """Read piece by piece in a thread, so that a large file never stands in the memory."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        pieces: Iterator[bytes] = iter(self.streaming_content)  # type: ignore[arg-type]
        read = sync_to_async(lambda: next(pieces, b""), thread_sensitive=False)
        while piece := await read():
            yield piece


@require_safe
@role_required(Role.AGENT)
def file(request: Request, public_id: str) -> HttpResponseBase:
    """The file itself; `?download` wants it saved in any case."""
    found = _attachment(public_id)
    is_shown = found.mime_type in SHOWN and "download" not in request.GET
    answer = _part(request, found.key, found.size or 0, f'"{found.sha256}"')
    answer.headers["Content-Type"] = found.mime_type if found.mime_type in SHOWN else ANYTHING
    disposition = content_disposition_header(not is_shown, download_name(found))
    answer.headers["Content-Disposition"] = disposition or "attachment"
    return answer


@require_safe
@role_required(Role.AGENT)
def thumbnail(request: Request, public_id: str) -> HttpResponseBase:
    """A small picture of it, for the thread."""
    found = _attachment(public_id)
    if not found.thumbnail_key:
        raise Http404
    etag = f'"{found.sha256}-small"'
    if _is_known(request, etag):
        return _guarded(HttpResponseNotModified(), etag)
    try:
        with files.open_stored(found.thumbnail_key) as source:
            body = source.read()
    except files.TROUBLE as trouble:
        raise Http404 from trouble
    return _guarded(HttpResponse(body, content_type=THUMBNAIL_TYPE), etag)


def _attachment(public_id: str) -> Attachment:
    found = get_object_or_404(Attachment, public_id=public_id)
    if not found.is_here():
        raise Http404
    return found


def _part(request: Request, key: str, size: int, etag: str) -> HttpResponseBase:
    """All of it, the part that was asked for, or that nothing has changed."""
    if _is_known(request, etag):
        return _guarded(HttpResponseNotModified(), etag)
    wished = request.headers.get("Range", "")
    if request.headers.get("If-Range", etag) != etag:
        wished = ""
    try:
        part = read_range(wished, size)
    except NotThere:
        return _guarded(HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"}), etag)
    first, length = part or (0, size)
    answer = FileAnswer(_opened(key, first, length) if request.method == "GET" else iter(()))
    answer.headers["Content-Length"] = str(length)
    if part:
        answer.status_code = 206
        answer.headers["Content-Range"] = f"bytes {first}-{first + length - 1}/{size}"
    return _guarded(answer, etag)


def _opened(key: str, first: int, length: int) -> Iterator[bytes]:
    """The pieces, the first of them read already: what is gone is a 404, and not an answer that breaks off."""
    pieces = files.pieces(key, first, length)
    try:
        begin = next(pieces, b"")
    except files.TROUBLE as trouble:
        raise Http404 from trouble
    return _joined(begin, pieces)


def _joined(begin: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield begin
    yield from pieces


def _is_known(request: Request, etag: str) -> bool:
    known = parse_etags(request.headers.get("If-None-Match", ""))
    return "*" in known or etag in known


def _guarded(answer: HttpResponseBase, etag: str) -> HttpResponseBase:
    answer.headers["ETag"] = etag
    answer.headers["Cache-Control"] = PRIVATE
    answer.headers["Accept-Ranges"] = "bytes"
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer
