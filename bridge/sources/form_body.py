"""Forms, as browsers post them, with PHP's brackets: `contact[tags][]=vip` is a list in a map."""

import re
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl

from bridge.errors import Unreadable
from bridge.model import Json
from bridge.sources.json_body import parse_json

BRACKETED = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])+)")
MAX_BRACKETS = 50
MAX_FIELDS = 20_000


def parse_form(body: bytes, json_field: str | None) -> Json:
    """A map of the fields; or the JSON in one field, where the source has it and this request holds it."""
    fields = _fields(body)
    written = next((value for name, value in fields if name == json_field), None)
    if written is not None:
        return parse_json(written.encode())
    data: dict[str, Any] = {}
    for name, value in fields:
        _put(data, _path(name), value)
    return data


def _fields(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except UnicodeDecodeError:
        raise Unreadable("the body is not a form in UTF-8") from None
    except ValueError:
        raise Unreadable(f"the form has more than {MAX_FIELDS} fields") from None


def _path(name: str) -> list[str]:
    """'contact[tags][]' -> ['contact', 'tags', '']; a name that only looks bracketed is itself."""
    found = BRACKETED.fullmatch(name)
    if not found:
        return [name]
    inner = found[2][1:-1].split("][")
    if len(inner) > MAX_BRACKETS:
        raise Unreadable(f"the form nests more than {MAX_BRACKETS} brackets")
    return [found[1], *inner]


def _put(data: Any, path: list[str], value: str) -> None:
    """Numbers in brackets are names like others; only [] makes a list."""
    for name, after in pairwise(path):
        data = _held(data, name, [] if after == "" else {})
    _held(data, path[-1], value, again=True)


def _held(data: Any, name: str, new: Any, *, again: bool = False) -> Any:
    """What stands under the name, made where it is not there; a value that comes `again` makes a list of both."""
    if isinstance(data, list):
        if name:
            raise Unreadable(TWO_KINDS)
        data.append(new)
        return new
    there = data.get(name)
    if there is None:
        data[name] = new
        return new
    if again and not isinstance(there, dict):
        data[name] = [*there, new] if isinstance(there, list) else [there, new]
        return new
    if again or type(there) is not type(new):
        raise Unreadable(TWO_KINDS)
    return there


TWO_KINDS = "the form gives one name both a value and members"
