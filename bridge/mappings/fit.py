"""Whether a value fits its schema in the API's contract: every mistake, by member, in words that name no value.

What is not known yet fits everything: so a mapping is checked as far as it is written out, and each event's request
as a whole.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from enum import Enum
from operator import ge, le
from typing import Any, Final, TypeAlias

from bridge.documents import Path, did_you_mean, dotted
from bridge.expressions.values import kind
from bridge.model import Json

Schema: TypeAlias = Mapping[str, Json]
Found: TypeAlias = Iterator[tuple[Path, str]]


class Later(Enum):
    """The type of UNKNOWN."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Later.UNKNOWN
"""Stands for a value that is not known yet, or that has been found wrong already."""

TYPES: Mapping[str, tuple[str, tuple[type, ...]]] = {
    "string": ("text", (str,)),
    "integer": ("a whole number", (int,)),
    "number": ("a number", (int, float)),
    "boolean": ("true or false", (bool,)),
    "array": ("a list", (list,)),
    "object": ("a map", (dict,)),
}
REMEDIES = {
    ("string", int): "; put it in quotes, or use | string",
    ("string", float): "; put it in quotes, or use | string",
    ("string", bool): "; put it in quotes, or use | string",
    ("integer", str): "; leave the quotes out, or use | number",
    ("integer", float): "; use | int",
    ("number", str): "; leave the quotes out, or use | number",
    ("boolean", str): "; leave the quotes out, or compare it, as in {{ … == 'true' }}",
}
EMPTY = "is empty; give it a value or leave it out"


def mistakes(schema: Schema, value: Any, at: Path = ()) -> Found:
    """Each with the path of its member."""
    if value is UNKNOWN:
        return
    if wrong := _wrong_type(schema, value):
        yield at, wrong
        return
    for keyword, check in CHECKS.items():
        if keyword in schema:
            yield from check(schema, value, at)


def _wrong_type(schema: Schema, value: Any) -> str:
    if value is None:
        return EMPTY
    wanted = schema.get("type", "")
    if wanted not in TYPES:
        return ""
    words, types = TYPES[wanted]
    is_number_for_flag = isinstance(value, bool) and wanted != "boolean"
    if isinstance(value, types) and not is_number_for_flag:
        return ""
    return f"must be {words}, not {kind(value)}{REMEDIES.get((wanted, type(value)), '')}"


def _required(schema: Schema, value: Any, at: Path) -> Found:
    for name in schema["required"] if isinstance(value, dict) else ():
        if name not in value:
            yield (*at, name), "is missing; add it"


def _properties(schema: Schema, value: Any, at: Path) -> Found:
    if not isinstance(value, dict):
        return
    known = schema["properties"]
    for name, one in value.items():
        if name in known:
            yield from mistakes(known[name], one, (*at, name))
        # A part of an alternative speaks of some members only; what has a type is the whole.
        elif "type" in schema:
            yield (*at, name), f"is no member of it{did_you_mean(name, known) or '; there are ' + ', '.join(known)}"


def _items(schema: Schema, value: Any, at: Path) -> Found:
    for index, one in enumerate(value if isinstance(value, list) else ()):
        yield from mistakes(schema["items"], one, (*at, index))


def _enum(schema: Schema, value: Any, at: Path) -> Found:
    if not any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in schema["enum"]):
        names = schema.get("x-value-names", {})
        choices = [f"{one} ({names[str(one)]})" if str(one) in names else str(one) for one in schema["enum"]]
        yield at, f"must be {choices[0]}" if len(choices) == 1 else f"must be one of {', '.join(choices)}"


def _pattern(schema: Schema, value: Any, at: Path) -> Found:
    if isinstance(value, str) and not re.search(schema["pattern"], value):
        yield at, f"must fit the pattern {schema['pattern']}; {schema.get('description', '')}".rstrip("; ")


def _format(schema: Schema, value: Any, at: Path) -> Found:
    if schema["format"] == "date-time" and isinstance(value, str) and not _is_time(value):
        yield at, "must be a time with its zone, such as 2026-05-12T09:30:00.000Z; use | iso8601"


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _size(keyword: str, words: str, is_fine: Callable[[int, int], bool]) -> Callable[[Schema, Any, Path], Found]:
    def check(schema: Schema, value: Any, at: Path) -> Found:
        if isinstance(value, str | list) and not is_fine(len(value), schema[keyword]):
            yield at, words.format(schema[keyword])

    return check


def _alternatives(keyword: str) -> Callable[[Schema, Any, Path], Found]:
    """One of them must fit; what each lacks is told."""

    def check(schema: Schema, value: Any, at: Path) -> Found:
        tried = [list(mistakes(one, value, ())) for one in schema[keyword]]
        if all(tried):
            yield at, ", or ".join(" and ".join(_in_words(*one) for one in each) for each in tried)

    return check


def _in_words(path: Path, words: str) -> str:
    return f"{dotted(path)} {words}" if path else words


CHECKS: Mapping[str, Callable[[Schema, Any, Path], Found]] = {
    "required": _required,
    "properties": _properties,
    "items": _items,
    "enum": _enum,
    "pattern": _pattern,
    "format": _format,
    "minItems": _size("minItems", "has fewer items than {}", ge),
    "maxItems": _size("maxItems", "has more items than {}", le),
    "minLength": _size("minLength", "has fewer characters than {}", ge),
    "maxLength": _size("maxLength", "has more characters than {}", le),
    "anyOf": _alternatives("anyOf"),
    "oneOf": _alternatives("oneOf"),
}
"""By keyword of the schema. Of `oneOf` more than one may fit what is not known yet."""
