"""Files: upload, address, bytes, and the samples of templates (reference §4)."""

from __future__ import annotations

from aiohttp import BodyPartReader, web

from messaging.sandbox import files, ids
from messaging.sandbox.errors import GraphError
from messaging.sandbox.graph.call import Call, answer
from messaging.sandbox.model import JSON, Media, Number
from messaging.sandbox.world import World

PIECE = 256 * 1024


async def upload(call: Call, number: Number) -> JSON:
    """Multipart with messaging_product, file and type."""
    if call.request.content_type != "multipart/form-data":
        raise GraphError(100, "The body must be multipart/form-data.")
    values: dict[str, str] = {}
    data, filename, file_type = b"", "", ""
    async for part in await call.request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        if part.name == "file":
            filename, file_type = part.filename or "", part.headers.get("Content-Type", "")
            data = await _limited(part, values.get("type") or file_type)
        else:
            values[part.name or ""] = (await part.text())[:1000]
    if values.get("messaging_product") != "whatsapp":
        raise GraphError(100, "messaging_product is required and must be whatsapp.")
    mime_type = values.get("type") or file_type
    if "/" not in mime_type:
        raise GraphError(100, "The parameter type is required.")
    if not data:
        raise GraphError(100, "The parameter file is required and must not be empty.")
    if len(data) > files.most_bytes(mime_type):
        raise GraphError(131053, f"The file is larger than {files.most_bytes(mime_type)} bytes.")
    return {"id": files.keep(call.world, number.id, data, mime_type, filename=filename).id}


async def _limited(part: BodyPartReader, mime_type: str) -> bytes:
    most = files.most_bytes(mime_type)
    data = bytearray()
    while piece := await part.read_chunk(PIECE):
        data += piece
        if len(data) > most:
            raise GraphError(131053, f"The file is larger than {most} bytes.")
    return bytes(data)


def look_up(call: Call, media: Media) -> JSON:
    wanted = call.query.get("phone_number_id")
    if wanted and wanted != media.number_id:
        raise GraphError(100, f"Media {media.id} does not belong to this phone number.", subcode=33)
    return files.described(call.world, files.find(call.world, media.id))


async def lookaside(request: web.Request) -> web.StreamResponse:
    """The bytes behind an address; a stranger learns nothing, not even that it is gone."""
    world: World = request.app[WORLD]
    header = request.headers.get("Authorization", "")
    token = world.tokens.get(header.removeprefix("Bearer ").strip())
    media_id = request.match_info["media"]
    media = world.media.get(media_id)
    if token is None or token.revoked:
        return answer("v25.0", GraphError(190).body(), 401)
    good = files.still_good(world, media_id, request.match_info["expires"], request.match_info["mark"])
    number = world.numbers.get(media.number_id) if media else None
    if not good or media is None or number is None or number.account_id not in token.account_ids:
        return answer("v25.0", {"error": {"message": "Media not found", "code": 404}}, 404)
    path = world.store.media_folder / media.id
    return web.Response(body=path.read_bytes(), headers={"Content-Type": media.mime_type})


WORLD: web.AppKey[World] = web.AppKey("world", World)


def open_upload(call: Call) -> JSON:
    """The first half of the Resumable Upload API."""
    key = f"upload:{ids.trace()}"
    call.world.uploads[key] = {"type": call.query.get("file_type", ""), "name": call.query.get("file_name", "")}
    return {"id": key}


async def finish_upload(call: Call, key: str) -> JSON:
    if key not in call.world.uploads:
        raise GraphError(100, "The upload session does not exist.")
    if call.request.headers.get("file_offset", "0") != "0":
        raise GraphError(100, "file_offset must be 0.")
    if not await call.request.read():
        raise GraphError(100, "The file is empty.")
    return {"h": f"4::{ids.trace()}"}
