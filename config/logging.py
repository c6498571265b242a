"""Structured logs: one event name with ids, never a person's text, number or token."""

import logging
import logging.config
from typing import Any

import structlog

PERSONAL = frozenset(
    {"email", "phone", "text", "body", "password", "token", "secret", "name", "subject", "cookie", "authorization"}
)


def without_personal_text(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Mask fields that could carry a person's data, should a caller pass one by mistake."""
    return {key: "***" if key in PERSONAL else value for key, value in event.items()}


def configure(*, as_json: bool, level: str) -> None:
    """Send structlog and the standard library through one pipe to stderr."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_personal_text,
    ]
    renderer: Any = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "structured": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        structlog.processors.format_exc_info,
                        renderer,
                    ],
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
            "root": {"handlers": ["stderr"], "level": level},
            "loggers": {
                "django.server": {"level": "WARNING"},
                # Below an error it only repeats addresses, which may hold a link's secret.
                "django.request": {"level": "ERROR"},
                "uvicorn.access": {"level": "WARNING"},
                "asyncio": {"level": "WARNING"},
                "pikepdf": {"level": "WARNING"},
            },
        }
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
