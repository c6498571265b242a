"""Files go to the provider and come from it; our token goes to nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from messaging.channels.adapters.whatsapp_cloud.adapter import MEDIA_HOSTS
from messaging.channels.adapters.whatsapp_cloud.media import is_ours
from messaging.channels.base import Credentials, MediaRef, NoAnswer, SendFailed
from messaging.channels.registry import adapter_for

from .stub import NUMBER, TOKEN, Asked, Handler, Stub, error, run, says

WHATSAPP = adapter_for("whatsapp")
FILE = b"\x89PNG" + b"x" * 200_000
SIZE = len(FILE)


def fetched(answer: Handler, media: Any = None, *, most_bytes: int = 1_000_000) -> tuple[bytes, list[Asked]]:
    async def work(stub: Stub) -> bytes:
        found = media(stub) if callable(media) else media or MediaRef("65463453")
        pieces = WHATSAPP.download(stub.session, stub.credentials, found, most_bytes=most_bytes)
        return b"".join([piece async for piece in pieces])

    return run(work, answer)


def with_url(path: str) -> Any:
    return lambda stub: MediaRef("65463453", url=stub.credentials.base_url.replace("/v25.0", path))


def server(*, file: Handler | None = None, url: str = "", size: Any = SIZE, old: Handler | None = None) -> Handler:
    """The provider's two doors: the id tells an address, the address gives the file."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/v25.0/65463453":
            told = url or str(request.url.origin().with_path("/fresh"))
            return web.json_response({"url": told, "mime_type": "image/png", "file_size": size, "id": "65463453"})
        if request.path == "/old" and old:
            return await old(request)
        return await (file or says(FILE))(request)

    return answer


def test_a_file_is_left_at_the_provider() -> None:
    found, [asked] = run(
        lambda stub: WHATSAPP.upload(
            stub.session, stub.credentials, data=FILE, mime_type="image/png", filename="Größe.png"
        ),
        says({"id": "1037543291543636"}),
    )
    assert found == "1037543291543636"
    assert (asked.path, asked.token) == (f"/v25.0/{NUMBER}/media", TOKEN)
    assert FILE in asked.body
    assert b'name="messaging_product"\r\n\r\nwhatsapp' in asked.body


def test_the_name_of_a_file_cannot_leave_its_place() -> None:
    name = 'a"\r\nX-Evil: 1\r\n\r\n.png'
    _, [asked] = run(
        lambda stub: WHATSAPP.upload(stub.session, stub.credentials, data=b"x", mime_type="image/png", filename=name),
        says({"id": "1"}),
    )
    assert b"\r\nX-Evil" not in asked.body


@pytest.mark.parametrize("mime_type", ["", "image", "image/png\r\nX-Evil: 1", "image/png; a"])
def test_a_file_of_no_type_is_refused_without_a_request(mime_type: str) -> None:
    with pytest.raises(SendFailed) as failed:
        run(
            lambda stub: WHATSAPP.upload(stub.session, stub.credentials, data=b"x", mime_type=mime_type, filename="a"),
            says({"id": "1"}),
        )
    assert failed.value.error.code == "bad_content"


def test_a_refused_file_says_why() -> None:
    with pytest.raises(SendFailed) as failed:
        run(
            lambda stub: WHATSAPP.upload(stub.session, stub.credentials, data=b"", mime_type="a/b", filename="a"),
            error(131053, "Unsupported"),
        )
    assert failed.value.error.code == "131053"


def test_a_file_is_fetched_by_its_id() -> None:
    body, asked = fetched(server())
    assert body == FILE
    assert [one.path for one in asked] == ["/v25.0/65463453", "/fresh"]
    assert asked[0].query == {"phone_number_id": NUMBER}
    assert [one.token for one in asked] == [TOKEN, TOKEN]


def test_the_address_of_the_webhook_saves_a_request() -> None:
    body, asked = fetched(server(), with_url("/old"))
    assert body == FILE
    assert [one.path for one in asked] == ["/old"]


@pytest.mark.parametrize(
    "old", [says(b"", status=404), says(b"<html>", status=503), says(b"", status=302, headers={"Location": "/x"})]
)
def test_an_address_that_no_longer_works_is_asked_for_anew(old: Handler) -> None:
    body, asked = fetched(server(old=old), with_url("/old"))
    assert body == FILE
    assert [one.path for one in asked] == ["/old", "/v25.0/65463453", "/fresh"]


def test_an_address_of_somebody_else_is_never_asked() -> None:
    """The webhook names a foreign host: the file comes from the provider by its id instead."""
    body, asked = fetched(server(), MediaRef("65463453", url="https://evil.example/x"))
    assert body == FILE
    assert [one.path for one in asked] == ["/v25.0/65463453", "/fresh"]


def test_the_token_goes_to_no_foreign_host_even_when_the_provider_names_it() -> None:
    with pytest.raises(SendFailed) as failed:
        fetched(server(url="https://evil.example/x"))
    assert failed.value.error.code == "foreign_host"


def test_a_redirect_is_not_followed() -> None:
    with pytest.raises(SendFailed) as failed:
        fetched(server(file=says(b"", status=302, headers={"Location": "https://evil.example/"})))
    assert failed.value.error.code == "http_302"


META = Credentials("https://graph.facebook.com/v25.0", NUMBER, TOKEN)


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1", True),
        ("https://graph.facebook.com/x", True),
        ("https://LOOKASIDE.fbsbx.com:443/x", True),
        ("http://lookaside.fbsbx.com/x", False),
        ("http://graph.facebook.com/x", False),
        ("https://graph.facebook.com:8443/x", False),
        ("https://lookaside.fbsbx.com:8443/x", False),
        ("https://lookaside.fbsbx.com.evil.example/x", False),
        ("https://evil.example/lookaside.fbsbx.com", False),
        ("https://lookaside.fbsbx.com@evil.example/x", False),
        ("https://user:pass@lookaside.fbsbx.com/x", False),
        ("https://evil.example\\@lookaside.fbsbx.com/x", False),
        ("//lookaside.fbsbx.com/x", False),
        ("/x", False),
        ("", False),
        ("file:///etc/passwd", False),
        ("https://[::1/x", False),
        ("https://127.0.0.1/x", False),
    ],
)
def test_only_the_providers_own_hosts_see_the_token(url: str, ours: bool) -> None:
    assert is_ours(url, META, MEDIA_HOSTS) is ours


@pytest.mark.parametrize("size", [len(FILE), str(len(FILE)), 0, None, "many"])
def test_a_file_that_is_too_large_is_refused(size: Any) -> None:
    with pytest.raises(SendFailed) as failed:
        fetched(server(size=size), most_bytes=len(FILE) - 1)
    assert failed.value.error.code == "too_large"


def test_a_file_of_just_the_allowed_size_is_taken() -> None:
    body, _ = fetched(server(), most_bytes=len(FILE))
    assert len(body) == len(FILE)


def test_a_file_that_hides_its_size_is_counted() -> None:
    async def chunks(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        for _ in range(10):
            await response.write(b"x" * 100_000)
        return response

    with pytest.raises(SendFailed) as failed:
        fetched(server(file=chunks, size=1), most_bytes=300_000)
    assert failed.value.error.code == "too_large"


def test_a_file_that_is_gone_is_refused() -> None:
    with pytest.raises(SendFailed) as failed:
        fetched(error(100, "Media expired", status=404))
    assert failed.value.error.code == "100"


@pytest.mark.parametrize("status", [204, 206, 500])
def test_an_answer_that_is_no_file_is_no_answer(status: int) -> None:
    with pytest.raises(NoAnswer):
        fetched(server(file=says(b"{}", status=status)))


def test_an_id_of_a_webhook_leads_nowhere_else() -> None:
    with pytest.raises(SendFailed) as failed:
        fetched(server(), MediaRef("../../me?fields=token"))
    assert failed.value.error.code == "bad_id"
