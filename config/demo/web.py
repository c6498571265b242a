"""The web's port: taken before anything else starts, and asked until it answers."""

from __future__ import annotations

import http.client
import os
import socket

from config.demo.console import StartFailed


def port_number() -> int:
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise StartFailed(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


def bind_address() -> str:
    """Only this machine, unless BIND says otherwise (BIND=0.0.0.0)."""
    return os.environ.get("BIND") or "127.0.0.1"


def listen(port: int) -> socket.socket:
    """Take the port ourselves: nobody can come between, and the web may restart without losing it."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((bind_address(), port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        other = port + 1 if 1024 <= port < 65535 else 8001
        raise StartFailed(
            f"Port {port} of {bind_address()} cannot be used ({error.strerror}); take another: PORT={other} make run"
        ) from None
    return listener


def answers(port: int) -> bool:
    """Does the web process answer at all? What goes wrong in it is in its log."""
    address = bind_address().replace("0.0.0.0", "127.0.0.1")  # noqa: S104  compared, not bound
    connection = http.client.HTTPConnection(address, port, timeout=2)
    try:
        connection.request("GET", "/", headers={"Host": os.environ.get("BASE_HOST") or f"localhost:{port}"})
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
