"""The provider's errors and the bodies they come in (reference §7)."""

from __future__ import annotations

from typing import Any

from messaging.sandbox import ids

HREF = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"
# code: (HTTP status, title)
ERRORS: dict[int, tuple[int, str]] = {
    0: (401, "AuthException"),
    1: (400, "API Unknown"),
    2: (503, "API Service"),
    3: (500, "API Method"),
    4: (400, "API Too Many Calls"),
    10: (403, "Application does not have permission for this action"),
    33: (400, "Parameter value is not valid"),
    100: (400, "Invalid parameter"),
    190: (401, "Invalid OAuth access token - Cannot parse access token"),
    368: (403, "Temporarily blocked for policies violations"),
    80007: (400, "Rate limit issues"),
    130429: (400, "Rate limit hit"),
    130472: (400, "User's number is part of an experiment"),
    130497: (403, "Business account is restricted from messaging users in this country."),
    131000: (500, "Something went wrong"),
    131005: (403, "Access denied"),
    131008: (400, "Required parameter is missing"),
    131009: (400, "Parameter value is not valid"),
    131016: (503, "Service unavailable"),
    131021: (400, "Recipient cannot be sender"),
    131026: (400, "Message undeliverable"),
    131030: (400, "Recipient phone number not in allowed list"),
    131031: (403, "Account has been locked"),
    131037: (400, "WhatsApp provided number needs display name approval before message can be sent."),
    131042: (400, "Business eligibility payment issue"),
    131045: (500, "Incorrect certificate"),
    131047: (400, "Re-engagement message"),
    131048: (400, "Spam rate limit hit"),
    131049: (400, "This message was not delivered to maintain healthy ecosystem engagement."),
    131050: (400, "User has stopped receiving marketing messages from this business"),
    131051: (400, "Unsupported message type"),
    131052: (400, "Media download error"),
    131053: (400, "Media upload error"),
    131055: (400, "Method not allowed"),
    131056: (400, "(Business Account, Consumer Account) pair rate limit hit"),
    131057: (500, "Account in maintenance mode"),
    131062: (400, "Business-scoped user id is not allowed for this message"),
    131063: (400, "Marketing templates are disabled on Cloud API"),
    131064: (400, "Messaging limit reduced after template category violations"),
    132000: (400, "Template param count mismatch"),
    132001: (404, "Template does not exist"),
    132005: (400, "Template hydrated text too long"),
    132007: (400, "Template format character policy violated"),
    132012: (400, "Template parameter format mismatch"),
    132015: (400, "Template is paused"),
    132016: (400, "Template is disabled"),
    132018: (400, "Template parameter text is not valid"),
    132068: (400, "Flow is blocked"),
    132069: (400, "Flow is throttled"),
    133004: (503, "Server temporarily unavailable"),
    133005: (400, "Two-step verification PIN mismatch"),
    133006: (400, "Phone number re-verification needed"),
    133008: (400, "Too many two-step verification PIN guesses"),
    133009: (400, "Two-step verification PIN guessed too fast"),
    133010: (400, "Phone number not registered"),
    133015: (400, "Please wait a few minutes before attempting to register this phone number"),
    133016: (400, "Account register/deregister rate limit exceeded"),
    134011: (400, "Payments terms of service have not been accepted"),
    134100: (400, "Only marketing messages are supported"),
    134101: (400, "Template is still syncing"),
    134102: (500, "Template is not eligible for the Marketing Messages API"),
    135000: (400, "Generic user error"),
    137000: (400, "Identity key mismatch"),
    139100: (400, "Failed to block/unblock some users"),
    139101: (400, "Block list limit reached"),
    139102: (400, "Block list concurrent update"),
    139103: (500, "Internal error of block list"),
    200007: (400, "Template analytics are not enabled"),
    2494100: (400, "Account in maintenance mode"),
}
# Codes whose body is Graph's own and carries no `error_data`.
PLAIN = {0, 190, 10, 33}


def title_of(code: int) -> str:
    return ERRORS.get(code, (400, "Something went wrong"))[1]


class GraphError(Exception):
    """A refusal; `details` says which parameter and why."""

    def __init__(
        self,
        code: int,
        details: str = "",
        *,
        http: int = 0,
        subcode: int = 0,
        user_title: str = "",
        also: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code} {details}")
        self.code = code
        self.details = details
        self.http = http or ERRORS.get(code, (400, ""))[0]
        self.subcode = subcode
        self.user_title = user_title
        self.also = also or {}

    def body(self) -> dict[str, Any]:
        error: dict[str, Any] = {
            "message": f"(#{self.code}) {title_of(self.code)}",
            "type": "OAuthException",
            "code": self.code,
        }
        if self.code in PLAIN:
            error["message"] = self.details or title_of(self.code)
        else:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details or title_of(self.code)}
        if self.subcode:
            error |= {
                "error_subcode": self.subcode,
                "is_transient": False,
                "error_user_title": self.user_title,
                "error_user_msg": self.details,
            }
        error["fbtrace_id"] = ids.trace()
        return {**self.also, "error": error}


def missing(details: str) -> GraphError:
    return GraphError(131008, details)


def invalid(details: str) -> GraphError:
    return GraphError(131009, details)


def in_webhook(code: int, details: str = "") -> dict[str, Any]:
    """The same error as `statuses[].errors[]` and `messages[].errors[]` carry it."""
    title = title_of(code)
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": details or f"{title}."},
        "href": HREF,
    }
