"""Logging: structlog events named ``noun.verb``, on standard error, as JSON in production."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from app.core.config import settings

_SECRETS = ("password", "secret", "token", "authorization", "api_key", "database_url")


def hide_secrets(
    logger: object, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace the value of every field that is named like a secret."""
    del logger, method
    for name in event:
        if any(word in name.lower() for word in _SECRETS):
            event[name] = "***"
    return event


def configure_logging(quiet: bool = False) -> None:
    """Set up structlog and the standard library's logging once, at the start of a program.

    A command line is `quiet`: what it did it prints itself, so only warnings are logged.
    """
    level = logging.getLevelNamesMapping()[settings.LOG_LEVEL]
    if quiet:
        level = max(level, logging.WARNING)
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if settings.in_production
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            hide_secrets,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # What libraries tell of their own work is of no interest to an operator.
    logging.basicConfig(level=max(level, logging.WARNING), stream=sys.stderr)
