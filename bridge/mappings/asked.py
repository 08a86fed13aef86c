"""What a request must be by its contract: parameters and body against their schemas."""

from collections.abc import Iterator, Mapping
from typing import Any

from bridge.alvaria.schemas import Takes, takes
from bridge.documents import Path, did_you_mean
from bridge.mappings.fit import UNKNOWN, mistakes
from bridge.model import Json

FLAGS = {"true": True, "false": False}


def request_mistakes(operation_id: str, params: Mapping[str, Any], body: Any) -> Iterator[tuple[Path, str]]:
    """Each with its path, from `params` or `body` on. A body of None is none; UNKNOWN fits everything."""
    wanted = takes(operation_id)
    yield from _param_mistakes(operation_id, wanted, params)
    yield from _body_mistakes(operation_id, wanted, body)


def _param_mistakes(operation_id: str, wanted: Takes, params: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    for name, value in params.items():
        if name in wanted.params:
            schema = wanted.params[name]
            yield from mistakes(schema, _as_sent(value, schema), ("params", name))
            if value == "":
                yield ("params", name), "is empty text; give it a value or leave it out"
        else:
            hint = did_you_mean(name, wanted.params) or f"; there are {', '.join(wanted.params) or 'none'}"
            yield ("params", name), f"is no parameter of {operation_id}{hint}"
    for name in sorted(wanted.required - params.keys()):
        yield ("params", name), "is missing; add it"


def _as_sent(value: Any, schema: Mapping[str, Json]) -> Any:
    """In a URL all is text, so text that says a number is one."""
    if not isinstance(value, str):
        return str(value) if schema["type"] == "string" and isinstance(value, int | float) else value
    if schema["type"] == "integer" and value.isascii() and value.removeprefix("-").isdecimal():
        return int(value)
    return FLAGS.get(value, value) if schema["type"] == "boolean" else value


def _body_mistakes(operation_id: str, wanted: Takes, body: Any) -> Iterator[tuple[Path, str]]:
    if body is UNKNOWN:
        return
    if wanted.body is None:
        if body is not None:
            yield ("body",), f"{operation_id} takes none; leave it out"
    elif body is not None:
        yield from mistakes(wanted.body, body, ("body",))
    elif wanted.needs_body:
        yield ("body",), "is missing; add it"
