"""What can stand against a wish; the message is in the user's words."""

from __future__ import annotations


class Refused(Exception):
    """The wish cannot be granted; `str()` says why, `field` names the form field it concerns, if one."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class LinkSpent(Refused):
    """The link was used, withdrawn, or is too old."""


class TooManyAttempts(Refused):
    """Tried too often; `wait_seconds` tells how long to wait."""

    def __init__(self, message: str, *, wait_seconds: int) -> None:
        super().__init__(message)
        self.wait_seconds = wait_seconds
