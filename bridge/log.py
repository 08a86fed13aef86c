"""Events -> log lines: JSON when piped, readable on a terminal; secrets and persons masked."""

import logging
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any

import structlog

SECRET = ("secret", "token", "password", "authorization", "api_key", "credential", "signature", "cookie")
PERSON = ("customer", "phone", "email", "body", "content", "record", "payload", "url")


def set_up(process: str, *, sandbox: bool = False) -> None:
    """Put the name of this process into its lines: web, worker or run."""
    global _log
    _log = _logger(process=process, **({"sandbox": True} if sandbox else {}))


def info(event: str, **fields: Any) -> None:
    """Log an event such as `deliveries.settled` with its ids; never prose, never a person."""
    _log.info(event, **fields)


def warning(event: str, **fields: Any) -> None:
    _log.warning(event, **fields)


def error(event: str, *, fault: BaseException | None = None, **fields: Any) -> None:
    """As `info`; of a fault only its kind and place, since its text may hold a person's data."""
    _log.error(event, **fields, **(_place(fault) if fault else {}))


def _place(fault: BaseException) -> dict[str, str]:
    frames = []
    trace = fault.__traceback__
    while trace:
        code = trace.tb_frame.f_code
        frames.append(f"{code.co_filename.rsplit('/bridge/')[-1]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return {"fault": type(fault).__name__, "at": " > ".join(frames[-6:])}


def _mask(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in fields:
        if name != "event" and any(word in name for word in SECRET + PERSON):
            fields[name] = "•••"
    return fields


def _render(logger: Any, method: str, fields: MutableMapping[str, Any]) -> str | bytes:
    renderer = FOR_PEOPLE if sys.stderr.isatty() else FOR_PROGRAMS
    return renderer(logger, method, fields)


FOR_PEOPLE = structlog.dev.ConsoleRenderer()
FOR_PROGRAMS = structlog.processors.JSONRenderer()


class StandardError:
    """That of the moment of writing: who keeps a stream writes into one that may be closed or replaced by then.

    A line that cannot be written, as on a full disk, is lost: nothing that was about to be done fails for it.
    """

    def write(self, line: str) -> None:
        with suppress(OSError):
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()

    info = warning = error = write


def _logger(**fields: Any) -> Any:
    """Nothing of structlog's settings for the whole process is touched or asked."""
    return structlog.wrap_logger(
        StandardError(),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _mask,
            _render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        **fields,
    )


_log = _logger()
