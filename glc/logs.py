"""Structured logs, one event a line, each with the request's id. Secrets never enter an event: nothing here filters
what callers must not pass, but known names are masked as a last resort."""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.types import EventDict, FilteringBoundLogger, WrappedLogger

from glc.settings import Settings

MASKED = frozenset(
    {"password", "secret", "client_secret", "token", "access_token", "refresh_token", "id_token", "code", "cookie"}
)


def configure_logs(settings: Settings) -> None:
    """Send events to standard error, for people or for machines."""
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _mask,
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[settings.log_level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def logger() -> FilteringBoundLogger:
    """The logger; event names are short and stable (`login.refused`), the rest are key-value pairs."""
    return structlog.get_logger()  # type: ignore[no-any-return]


def _mask(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for key in MASKED & event.keys():
        event[key] = "…"
    return event
