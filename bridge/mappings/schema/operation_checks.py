"""What can be wrong with an `operation`, or with what a rule stops, before any event is there."""

from collections.abc import Iterator, Mapping
from typing import Any

from bridge.alvaria.named import is_named
from bridge.alvaria.operations import OPERATIONS
from bridge.documents import Path, did_you_mean
from bridge.mappings.asked import request_mistakes
from bridge.mappings.fit import UNKNOWN
from bridge.mappings.group import DELETE, UPSERT
from bridge.mappings.tree import known

BY_OTHER_RULES = {
    UPSERT: "is done by `settings`, which know the newest change of each cookie; write these",
    DELETE: "is done by `settings` with on_empty: delete, and by `forget`, which know what was written; use these",
}
WRITING = {name: one for name, one in OPERATIONS.items() if one.method != "GET" and name not in BY_OTHER_RULES}
"""What a rule may name."""


def check_operation(operation: Mapping[str, Any], at: Path) -> Iterator[tuple[Path, str]]:
    name = operation.get("id")
    if not isinstance(name, str):
        return
    if name not in WRITING:
        yield (*at, "id"), _why_not(name)
        return
    params, body = operation.get("params", {}), operation.get("body")
    if not isinstance(params, dict) or is_named(params):
        yield (*at, "params"), "is not a map of keys and values"
        return
    yield from _check_names({"params": params, "body": body}, at)
    is_empty = "body" in operation and body is None  # which is told of any key that is empty
    wanted = UNKNOWN if is_empty else known(body, is_written=True)
    for path, words in request_mistakes(name, known(params, is_written=True), wanted):
        yield (*at, *path), words


def _why_not(name: str) -> str:
    if name in BY_OTHER_RULES:
        return f"{name} {BY_OTHER_RULES[name]}"
    if name in OPERATIONS:
        return f"{name} only reads, and a rule is for what changes something; name an operation that writes"
    return f"there is no operation {name!r}{did_you_mean(name, WRITING)}"


def _check_names(value: Any, at: Path) -> Iterator[tuple[Path, str]]:
    if is_named(value):
        yield from _check_name(value, at)
        return
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in members:
        yield from _check_names(one, (*at, name))


def _check_name(value: Mapping[str, Any], at: Path) -> Iterator[tuple[Path, str]]:
    by, params = value["by"], value.get("params", {})
    if not isinstance(by, str) or by not in OPERATIONS or not OPERATIONS[by].looks_up():
        listing = [name for name, one in OPERATIONS.items() if one.looks_up()]
        yield (*at, "by"), f"{by!r} lists nothing by its name{did_you_mean(str(by), listing)}"
    elif not isinstance(params, dict):
        yield (*at, "params"), "is not a map of keys and values"
    else:
        for path, words in request_mistakes(by, known(params, is_written=True), None):
            yield (*at, *path), words
        if "as" in value and (value["as"] != "code" or not OPERATIONS[by].looks_up(code=True)):
            yield (*at, "as"), f"{by} gives no such thing; leave it out for the id, or write code where there is one"
    if value["id_of"] in (None, ""):
        yield (*at, "id_of"), "is empty; give the name as Alvaria knows it"


def check_stops(stops: Mapping[str, Any], at: Path) -> Iterator[tuple[Path, str]]:
    operations = stops.get("operations")
    for index, name in enumerate(operations if isinstance(operations, list) else []):
        if isinstance(name, str) and name not in WRITING:
            yield (*at, "operations", index), _why_not(name)


def needs_once(operation: Mapping[str, Any]) -> bool:
    """Whether what is asked for twice may happen twice."""
    name = operation.get("id")
    if not isinstance(name, str) or name not in WRITING:
        return False
    return not operation.get("repeatable", WRITING[name].repeatable)
