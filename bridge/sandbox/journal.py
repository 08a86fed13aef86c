"""What was asked and how it was answered: the last 10,000 requests, without credentials."""

import json
from datetime import datetime

from bridge.sandbox import tokens
from bridge.sandbox.documents import TOKEN_SERVICE
from bridge.sandbox.members import iso
from bridge.sandbox.messages import Ask, Json
from bridge.sandbox.operations import Operation
from bridge.sandbox.state import Entry, State


def note(state: State, operation: Operation, ask: Ask, arrived: datetime, status: int | None) -> None:
    """Bodies are kept as they came; a token request's only by those members that are no secret."""
    secretive = operation.document is TOKEN_SERVICE
    state.journal.append(
        Entry(
            time=arrived,
            operation=operation.id,
            method=ask.method,
            path=ask.path,
            query="" if secretive else ask.raw_query,
            status=status,
            body=json.dumps(tokens.public_members(ask)).encode() if secretive else ask.body,
        )
    )


def shown(entry: Entry) -> dict[str, Json]:
    return {
        "time": iso(entry.time),
        "operation": entry.operation,
        "method": entry.method,
        "path": entry.path,
        "query": entry.query,
        "status": entry.status,
        "body": _readable(entry.body),
    }


def _readable(body: bytes) -> Json:
    """JSON as its values, anything else as text, nothing as null."""
    try:
        return json.loads(body) if body else None
    except (ValueError, RecursionError):
        return body.decode(errors="replace")
