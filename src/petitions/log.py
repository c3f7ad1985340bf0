"""Structured logs: one JSON object a line, an event and ids. Never a name, an address, a token or an IP."""

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

#: The id of the request that is being answered, for every line that it causes.
request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

_logger = logging.getLogger("petitions")


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            # asyncio writes an exception's text below its first line
            "event": record.getMessage().partition("\n")[0],
        }
        if (identifier := request_id.get()) is not None:
            line["request"] = identifier
        line.update(getattr(record, "fields", {}))
        if record.exc_info and record.exc_info[1] is not None:
            line |= _where(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def _where(error: BaseException) -> dict[str, str]:
    """The kind of an error and where it arose. Its message may repeat what somebody typed, so it stays out."""
    places = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}:{code.co_name}")
        trace = trace.tb_next
    return {"error": type(error).__name__, "where": " > ".join(places[-8:])}


def configure(level: str) -> None:
    """Write every log line of this process to standard error as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    _logger.setLevel(level.upper())
    logging.getLogger("uvicorn.access").disabled = True  # it would print tokens and searches


def debug(event: str, **fields: Any) -> None:
    _logger.debug(event, extra={"fields": fields})


def info(event: str, **fields: Any) -> None:
    _logger.info(event, extra={"fields": fields})


def warning(event: str, **fields: Any) -> None:
    _logger.warning(event, extra={"fields": fields})


def error(event: str, exception: BaseException | None = None, **fields: Any) -> None:
    _logger.error(event, exc_info=exception, extra={"fields": fields})
