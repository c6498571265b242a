"""Over real HTTP with the provider as the sandbox plays it: a person sends a picture, an agent a document."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings

from messaging.channels.services import connect_channel
from messaging.media import fetching, uploading
from messaging.messages import pump
from messaging.messages.models import Attachment, Lane
from messaging.sandbox.testing import AT_ONCE, Sandbox, running
from messaging.webhooks import processing
from tenants.context import company_context
from tenants.models import Company, ProviderRoute, User
from tests.conftest import Browser
from tests.messaging.media import samples

NUMBER, ACCOUNT = "106540352242922", "102290129340398"


@pytest.fixture
def sandbox(acme: Company, settings: Settings) -> Iterator[Sandbox]:
    with running() as found:
        settings.WHATSAPP_API_URL = f"{found.url}/v25.0"
        found.add_account(
            ACCOUNT,
            name="Acme",
            app_secret="s3cret",
            token="EAAG-1",
            webhook_url=found.receiver.url,
            verify_token=found.receiver.verify_token,
            numbers=[{"id": NUMBER, "display_phone_number": "+1 555 078 3881", "knobs": AT_ONCE}],
        )
        with company_context(acme):
            connect_channel(
                kind="whatsapp",
                name="Laden",
                external_id=NUMBER,
                account_external_id=ACCOUNT,
                token="EAAG-1",
                app_secret="s3cret",
            )
        yield found


def hand_on(sandbox: Sandbox, acme: Company, provider: Browser) -> None:
    """What the sandbox has posted, brought to our own door and worked on."""
    sandbox.settle()
    path = f"/webhooks/whatsapp/{ProviderRoute.objects.get(external_id=NUMBER).key}/"
    posts, sandbox.receiver.received = sandbox.receiver.received, []
    for post in posts:
        signature = post.headers["X-Hub-Signature-256"]
        answer = provider.post(
            path, post.body, content_type="application/json", headers={"X-Hub-Signature-256": signature}
        )
        assert answer.status_code == 200
    with company_context(acme):
        processing.process(acme)


def test_a_picture_comes_and_a_document_goes(
    sandbox: Sandbox, acme: Company, agent: User, at: Callable[..., Browser]
) -> None:
    ana = sandbox.add_person(phone="+15550001001", name="Ana")["id"]
    media = sandbox.upload(ana, NUMBER, samples.photo(), "image/jpeg", "photo.jpg")
    sandbox.person(ana, NUMBER, "messages", type="image", image={"id": media, "caption": "look"})
    hand_on(sandbox, acme, at())
    with company_context(acme):
        fetching.fetch(acme)
        row = Attachment.objects.select_related("message__conversation").get()
    assert (row.state, row.mime_type) == ("stored", "image/jpeg")
    browser, conversation = at(acme, agent), row.message.conversation
    assert browser.get(f"/files/{row.public_id}/thumbnail/").status_code == 200
    assert f"/files/{row.public_id}/" in browser.get(f"/inbox/{conversation.public_id}/").content.decode()

    offer = SimpleUploadedFile("offer.pdf", samples.PDF)
    answer = browser.post(
        f"/inbox/{conversation.public_id}/files/", {"files": offer, "text": "Our offer", "client_key": "k"}
    )
    assert answer.status_code == 302
    with company_context(acme):
        uploading.upload(acme)
        pump.deliver(acme, Lane.REPLIES)
    sandbox.settle()
    *_, last = sandbox.api("GET", f"/people/{ana}/chats/{NUMBER}")["messages"]
    assert (last["type"], last["content"]["filename"], last["content"]["caption"]) == (
        "document",
        "offer.pdf",
        "Our offer",
    )
    kept = sandbox.call("GET", f"/v25.0/{last['content']['id']}?phone_number_id={NUMBER}", token="EAAG-1").body
    assert sandbox.call("GET", kept["url"], token="EAAG-1").body == samples.PDF
    assert kept["mime_type"] == "application/pdf"
