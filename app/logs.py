"""Logs: one line for each record on standard error, as JSON for machines or as text for a terminal, and never personal data.

What we log ourselves holds none. But an exception's message may: Neo4j quotes the value that violates a constraint, graphql-core
the literal that it can't read. So of an exception, wherever it stands in a record, only its kind and where it was raised are
written; of a message its first line, for asyncio's further ones quote exceptions; of other libraries warnings alone, for their
debugging quotes everything.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

import orjson

from app.errors import AppError
from app.settings import Settings
from graph.errors import MigrationError
from resolvers.observer import Observer, observed

OURS = ("app", "graph", "resolvers", "customer360")
SERVER = "uvicorn.error"
"""All that uvicorn says, but for accesses. Its debugging quotes what comes over WebSockets."""

MOST_FRAMES = 20


def configure(settings: Settings, *, least: str = "debug", to: TextIO | None = None) -> None:
    """Log as the settings say, but nothing below `least`, to standard error where nothing else is given; call it once, when a
    command starts that logs."""
    stream = sys.stderr if to is None else to
    as_json = settings.log_format == "json" or (settings.log_format == "auto" and not stream.isatty())
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines() if as_json else TextLines())
    handler.addFilter(_no_access)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    level = max(_level(settings.log_level), _level(least))
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    logging.getLogger(SERVER).setLevel(max(level, logging.INFO))


def _no_access(record: logging.LogRecord) -> bool:
    """Paths may hold variables, and addresses are people's: uvicorn logs those of WebSockets even without its access log."""
    return not (record.name == SERVER and "WebSocket %s" in str(record.msg))


def _level(name: str) -> int:
    return logging.getLevelNamesMapping()[name.upper()]


class JsonLines(logging.Formatter):
    """An object a line: time, level, logger, message, and what else there is to say."""

    def format(self, record: logging.LogRecord) -> str:
        return orjson.dumps(_entry(record), default=str).decode()


class TextLines(logging.Formatter):
    """The same for people: `12:00:00 INFO app.server: message name=value`."""

    def format(self, record: logging.LogRecord) -> str:
        entry = _entry(record)
        time, level, logger, message = (entry.pop(name) for name in ("time", "level", "logger", "message"))
        more = "".join(f" {name}={value}" for name, value in entry.items())
        return f"{time[11:19]} {level.upper()} {logger}: {message}{more}"


def _entry(record: logging.LogRecord) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": _message(record),
    }
    entry |= getattr(record, "facts", {})
    seen = observed.get()
    if type(seen) is not Observer:
        entry.setdefault("trace_id", seen.trace_id())
    if record.exc_info and record.exc_info[1] is not None:
        entry |= {"error": kind(record.exc_info[1]), "raised": _raised(record.exc_info[1])}
    return entry


def _message(record: logging.LogRecord) -> str:
    args = record.args
    if isinstance(args, Mapping):
        args = {name: _without_message(value) for name, value in args.items()}
    elif args:
        args = tuple(_without_message(value) for value in args)
    message = str(record.msg) % args if args else str(_without_message(record.msg))
    return message.partition("\n")[0]


def _without_message(value: object) -> object:
    return kind(value) if isinstance(value, BaseException) else value


def kind(error: BaseException) -> str:
    """What an exception is, without its message: its class, the code that Neo4j gave, and the same of what it came from.

    Errors about settings, programs and migrations are of our own making, hold nobody's data, and say what to do.
    """
    if isinstance(error, (AppError, MigrationError)):
        return str(error)
    code = getattr(error, "code", None)
    said = type(error).__name__ + (f" {code}" if isinstance(code, str) and code.replace(".", "").isalnum() else "")
    return f"{said} from {kind(error.__cause__)}" if error.__cause__ is not None else said


def _raised(error: BaseException) -> list[str]:
    """Where it was raised, innermost first."""
    frames = traceback.extract_tb(error.__traceback__)[-MOST_FRAMES:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames)]
