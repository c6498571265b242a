"""A session's user agent becomes words a person recognises."""

import pytest
from django.utils import translation

from tenants.templatetags.devices import device, device_icon

LINUX = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (LINUX, "Chrome on Linux"),
        (IPHONE, "Safari on iPhone"),
        (f"{LINUX} Edg/131.0.0.0".replace("X11; Linux x86_64", "Windows NT 10.0; Win64; x64"), "Edge on Windows"),
        (f"{LINUX} OPR/115.0.0.0", "Opera on Linux"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox on macOS"),
        (
            "Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) "
            "SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36",
            "Samsung Internet on Android",
        ),
        ("curl/8.5.0", "curl"),
        ("something else", "Unknown device"),
        ("", "Unknown device"),
    ],
)
def test_a_device_is_named_by_browser_and_system(user_agent: str, words: str) -> None:
    with translation.override("en"):
        assert device(user_agent) == words


def test_a_device_is_named_in_the_reader_s_language() -> None:
    with translation.override("de"):
        assert device(LINUX) == "Chrome auf Linux"


def test_the_icon_tells_a_phone_from_a_computer() -> None:
    assert [device_icon(agent) for agent in (IPHONE, LINUX, "")] == ["smartphone", "monitor", "help-circle"]
