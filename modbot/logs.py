"""Structured logs on standard error: one event a line, with ids, never a comment's text or a token.

Events of the libraries go the same way, so that their texts are scrubbed too.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor

from modbot.errors import ModbotError
from modbot.plain_text import one_line

WITHHELD = "[withheld]"
FRAMES = 12

_NEVER_LOGGED = frozenset(
    {
        "token",
        "access_token",
        "refresh_token",
        "secret",
        "secrets",
        "app_secret",
        "appsecret_proof",
        "password",
        "app_password",
        "authorization",
        "cookie",
        "text",
        "comment_text",
        "post_text",
        "parent_text",
        "raw",
        "body",
        "author_name",
    }
)
_SECRET_IN_TEXT = re.compile(
    r"""(?ix)
    (?P<name>\b(?:access_|refresh_|bearer_)?token | appsecret_proof | (?:client_|app_)?secret
      | (?:app_)?password | fb_exchange_token | oauth_\w+ )
    (?P<sign>["']?\s*[=:]\s*["']?) [^\s&"',}]+
    | (?P<scheme>\b(?:bearer|basic|oauth))\s+(?!oauth_)[\w.~+/=%-]{8,}
    | (?P<site>://)[^/\s@]+@
    | \bEAA[A-Za-z0-9]{16,}
    """
)
# Their debug records hold whole requests, with address, headers and so the token.
_QUIET = (
    "urllib3",
    "requests",
    "requests_oauthlib",
    "oauthlib",
    "tweepy",
    "facebook",
    "httpx",
    "httpcore",
    "apscheduler",
    "alembic",
    "sqlalchemy",
    "asyncio",
    "uvicorn",
    "multipart",
)
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def configure(
    *,
    level: Literal["debug", "info", "warning", "error"] = "info",
    format: Literal["json", "console"] = "json",
    stream: TextIO | None = None,
) -> None:
    """Sends every log event of this process to `stream` (standard error)."""
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        safe_event,
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer(sort_keys=False)
        if format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        pass_foreign_args=False,
    )
    _take_over(logging.StreamHandler(stream or sys.stderr), formatter, _LEVELS[level])
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _take_over(handler: logging.Handler, formatter: logging.Formatter, level: int) -> None:
    """Makes `handler` the only way out for the libraries' log records too."""
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        quiet = logging.getLogger(name)
        quiet.setLevel(max(logging.WARNING, level))
        quiet.handlers.clear()
        quiet.propagate = True


def log_crash(error: Exception) -> None:
    """Leaves the place of an unexpected error, without its text, for a report."""
    if not structlog.is_configured():  # it would print the whole error to standard output
        configure(level="error", format="console")
    structlog.get_logger("modbot").error("crashed", exc_info=error)


def safe_event(_logger: object, _method: str, event: EventDict) -> EventDict:
    """The event without secrets and comment texts, every value on one line."""
    cause = _exception(event.pop("exc_info", None))
    if cause is not None:
        event["error_at"] = _where(cause)
        event.setdefault("error", _what(cause))
    for key in list(event):
        if not key.startswith("_"):
            event[key] = WITHHELD if key.lower() in _NEVER_LOGGED else _safe(event[key])
    return event


def scrub(text: str) -> str:
    """`text` on one line, with whatever looks like a secret withheld."""
    return one_line(_SECRET_IN_TEXT.sub(_without_secret, text))


def _without_secret(match: re.Match[str]) -> str:
    if match["name"]:
        return f"{match['name']}{match['sign']}{WITHHELD}"
    if match["scheme"]:
        return f"{match['scheme']} {WITHHELD}"
    return f"://{WITHHELD}@" if match["site"] else WITHHELD


def _safe(value: Any) -> Any:
    if isinstance(value, str):
        return scrub(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {
            scrub(str(k)): WITHHELD if str(k).lower() in _NEVER_LOGGED else _safe(v)
            for k, v in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_safe(item) for item in value]
    if isinstance(value, BaseException):
        return _what(value)
    return scrub(str(value))


def _exception(exc_info: object) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return exc_info[1] if isinstance(exc_info[1], BaseException) else None
    return sys.exc_info()[1] if exc_info else None


def _what(error: BaseException) -> str:
    """The error's class, with its message only where that can hold no comment text."""
    name = type(error).__name__
    if isinstance(error, ModbotError):
        return scrub(f"{name}: {error}")
    if isinstance(error, OSError) and error.strerror:
        return scrub(f"{name}: {error.strerror}")
    driver_error = getattr(error, "orig", None)  # SQLAlchemy: its own text shows the parameters
    return scrub(f"{name}: {driver_error}") if driver_error is not None else name


def _where(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    return [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames]
