"""Where providers call: checked, stored, answered at once.

A channel has an address of its own; the platform has one for all numbers under its own app. Both answer 403 to
whoever cannot sign, and store nothing then.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from messaging.channels.base import ChannelAdapter, InvalidSignature
from messaging.channels.models import Channel
from messaging.channels.registry import ADAPTERS
from messaging.channels.services import credentials_of
from messaging.webhooks import splitting, storing
from tenants.context import company_context
from tenants.models import ProviderRoute

LARGEST = 3 * 1024 * 1024
PIECE = 64 * 1024


class TooLarge(Exception):
    """The body is larger than any that a provider sends."""


@csrf_exempt
@require_http_methods(["GET", "POST"])
def channel_address(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """A channel's own address: signed with its own secret, or with the platform's when our app delivers here."""
    adapter = adapter_or_404(kind)
    route = ProviderRoute.objects.filter(kind=kind, key=key).select_related("company").first()
    if route is None:
        raise Http404
    with company_context(route.company):
        channel = Channel.objects.filter(public_id=route.channel_public_id).first()
        if channel is None:
            raise Http404
        own = credentials_of(channel)
    if request.method == "GET":
        answer = challenge(request, adapter, [own.verify_token])
        if answer.status_code == HTTPStatus.OK:
            storing.note(route.company, channel, "challenged_at")
        return answer
    app_secret, _verify_token = platform_secrets(kind)
    body, refusal = signed_body(request, adapter, [own.app_secret, app_secret])
    if refusal:
        if refusal.status_code == HTTPStatus.FORBIDDEN:
            storing.note(route.company, channel, "badly_signed_at")
        return refusal
    try:
        splitting.load(body)
    except ValueError:
        return HttpResponse(status=400)
    storing.store(route.company, body, channel=channel)
    return HttpResponse()


@csrf_exempt
@require_http_methods(["GET", "POST"])
def platform_address(request: HttpRequest, kind: str) -> HttpResponse:
    """The platform's one address: a body may hold parts for several companies."""
    adapter = adapter_or_404(kind)
    app_secret, verify_token = platform_secrets(kind)
    if request.method == "GET":
        return challenge(request, adapter, [verify_token])
    body, refusal = signed_body(request, adapter, [app_secret])
    if refusal:
        return refusal
    try:
        parts = splitting.split(kind, body)
    except ValueError:
        return HttpResponse(status=400)
    # All or nothing: after an error the provider sends the whole body again. In one order, so that two bodies for the
    # same companies never wait for each other.
    with transaction.atomic():
        for external_id, part in sorted(parts.unknown.items()):
            storing.store_unknown(kind, external_id, part)
        for company, part in sorted(parts.companies.items(), key=lambda item: item[0].pk):
            storing.store(company, part)
    return HttpResponse()


def adapter_or_404(kind: str) -> ChannelAdapter:
    if kind not in ADAPTERS:
        raise Http404
    return ADAPTERS[kind]


def platform_secrets(kind: str) -> tuple[str, str]:
    """The app secret and the verify token of the platform's own app."""
    return {"whatsapp": (settings.WHATSAPP_APP_SECRET, settings.WHATSAPP_VERIFY_TOKEN)}.get(kind, ("", ""))


def challenge(request: HttpRequest, adapter: ChannelAdapter, verify_tokens: Sequence[str]) -> HttpResponse:
    """The provider looks whether the address is ours. Plain text: what comes back is what the caller sent."""
    try:
        answer = adapter.challenge(request.GET.dict(), [token for token in verify_tokens if token])
    except InvalidSignature:
        return HttpResponse(status=403)
    return HttpResponse(answer, content_type="text/plain; charset=utf-8")


def signed_body(
    request: HttpRequest, adapter: ChannelAdapter, secrets: Sequence[str]
) -> tuple[bytes, HttpResponse | None]:
    """The bytes as they came, or the answer to whoever sent too many or did not sign them."""
    try:
        body = read_capped(request)
        adapter.verify(request.headers, body, [secret for secret in secrets if secret])
    except TooLarge:
        return b"", HttpResponse(status=413)
    except InvalidSignature:
        return b"", HttpResponse(status=403)
    return body, None


def read_capped(request: HttpRequest) -> bytes:
    """The body, read here and never through `request.body`, whose cap answers 400 and is meant for forms."""
    declared = request.headers.get("Content-Length", "")
    if declared.isdecimal() and int(declared) > LARGEST:
        raise TooLarge
    read = bytearray()
    while piece := request.read(PIECE):
        read += piece
        if len(read) > LARGEST:
            raise TooLarge
    return bytes(read)
