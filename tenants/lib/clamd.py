"""A virus scanner over the network: clamd's INSTREAM, over TCP or a Unix socket."""

from __future__ import annotations

import socket
from pathlib import Path

from django.conf import settings

PIECE = 64 * 1024
PATIENCE = 60.0
LONGEST_ANSWER = 4096


class ScannerAway(Exception):
    """Nobody could look at the file: it is neither good nor bad."""


def scan(path: Path) -> str | None:
    """What clamd found in a file; None when it is clean. Raises ScannerAway."""
    try:
        with _connect(settings.CLAMD_ADDRESS) as connection, path.open("rb") as source:
            connection.sendall(b"zINSTREAM\0")
            while piece := source.read(PIECE):
                connection.sendall(len(piece).to_bytes(4, "big") + piece)
            connection.sendall((0).to_bytes(4, "big"))
            answer = _answer(connection)
    except OSError as problem:
        raise ScannerAway(type(problem).__name__) from problem
    said = answer.removeprefix("stream: ")
    if said == "OK":
        return None
    if said.endswith(" FOUND"):
        return said.removesuffix(" FOUND")
    raise ScannerAway(said[:100])


def _connect(address: str) -> socket.socket:
    if address.startswith("/"):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(PATIENCE)
        connection.connect(address)
        return connection
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE)


def _answer(connection: socket.socket) -> str:
    said = bytearray()
    while b"\0" not in said and len(said) < LONGEST_ANSWER and (piece := connection.recv(1024)):
        said += piece
    return said.partition(b"\0")[0].decode("utf-8", "replace").strip()
