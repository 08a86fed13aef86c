"""(schema, value) -> sentences: all that is wrong with a value, each with the place of the member and the remedy.

The schemas are our own contracts', whose few keywords are the table below. A sentence never holds the value.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from bridge.documents import did_you_mean
from bridge.model import Json

TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "string": ((str,), "text"),
    "integer": ((int,), "a whole number"),
    "number": ((int, float), "a number"),
    "boolean": ((bool,), "true or false"),
    "array": ((list,), "a list"),
    "object": ((dict,), "an object"),
}
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
"""RFC 3339, 5.6."""
A_MOMENT = "2026-05-12T09:30:00.000Z"


@dataclass(frozen=True)
class Schemas:
    """The named schemas of one contract."""

    named: Mapping[str, Json] = field(default_factory=dict)

    def at(self, schema: Json) -> Json:
        """What a reference stands for, or the schema itself."""
        while "$ref" in schema:
            schema = self.named[schema["$ref"].rpartition("/")[2]]
        return schema

    def members(self, schema: Json) -> dict[str, Json]:
        """Name -> schema of each member that an object may have."""
        found = self.at(schema)
        members = dict(found.get("properties", {}))
        for part in found.get("allOf", ()):
            members |= self.members(part)
        return members

    def mistakes(self, schema: Json, value: Json, path: str) -> Iterator[str]:
        """Also of what the schema does not know: whoever misspells a member would otherwise wait for its effect."""
        yield from self.unfit(schema, value, path)
        members = self.members(schema)
        if isinstance(value, dict) and members:
            for name in value:
                if name not in members:
                    yield f"{path}.{name}: there is no such member{did_you_mean(name, members)}"

    def unfit(self, schema: Json, value: Json, path: str) -> Iterator[str]:
        """What does not fit, leaving aside members that are not known here."""
        found = self.at(schema)
        kinds, called = TYPES.get(found.get("type", ""), ((object,), ""))
        if not isinstance(value, kinds) or (isinstance(value, bool) and called in ("a whole number", "a number")):
            yield f"{path}: must be {called}, not {kind_of(value)}"
            return
        for keyword, look in KEYWORDS.items():
            if keyword in found:
                yield from look(self, found, value, path)


def kind_of(value: Json) -> str:
    """What a value is, in a person's words."""
    if value is None:
        return "null"
    return next(called for kinds, called in reversed(TYPES.values()) if isinstance(value, kinds))


def _enum(_: Schemas, schema: Json, value: Json, path: str) -> Iterator[str]:
    allowed = schema["enum"]
    if value in allowed and not isinstance(value, bool):
        return
    if len(allowed) == 1:
        yield f"{path}: must be {choices(schema)}"
    else:
        near = did_you_mean(value, allowed) if isinstance(value, str) else ""
        yield f"{path}: must be one of {choices(schema)}{near}"


def choices(schema: Json) -> str:
    """1 (no end time), 2 (it ends at endTime): the values that an enumeration allows, with their meaning."""
    names = schema.get("x-value-names", {})
    return ", ".join(
        f"{value} ({names[str(value)]})" if str(value) in names else str(value) for value in schema["enum"]
    )


def _format(_: Schemas, schema: Json, value: Json, path: str) -> Iterator[str]:
    if schema["format"] == "date-time" and isinstance(value, str) and not _is_moment(value):
        yield f"{path}: must be a time such as {A_MOMENT}"


def _is_moment(text: str) -> bool:
    with suppress(ValueError):
        return bool(MOMENT.fullmatch(text) and datetime.fromisoformat(text.upper()))
    return False


def _pattern(_: Schemas, schema: Json, value: Json, path: str) -> Iterator[str]:
    if isinstance(value, str) and not re.search(schema["pattern"], value):
        yield f"{path}: must match {schema['pattern']}"


def _min_length(_: Schemas, schema: Json, value: Json, path: str) -> Iterator[str]:
    if isinstance(value, str) and len(value) < schema["minLength"]:
        yield f"{path}: must have {_at_least(schema['minLength'], 'character')}"


def _max_length(_: Schemas, schema: Json, value: Json, path: str) -> Iterator[str]:
    if isinstance(value, str) and len(value) > schema["maxLength"]:
        yield f"{path}: has {len(value)} characters, {schema['maxLength']} are allowed"


def _min_items(_: Schemas, schema: Json, value: Json, path: str) -> Iterator[str]:
    if isinstance(value, list) and len(value) < schema["minItems"]:
        yield f"{path}: must have {_at_least(schema['minItems'], 'element')}"


def _at_least(number: int, noun: str) -> str:
    return f"at least {number} {noun}{'' if number == 1 else 's'}"


def _max_items(_: Schemas, schema: Json, value: Json, path: str) -> Iterator[str]:
    if isinstance(value, list) and len(value) > schema["maxItems"]:
        yield f"{path}: has {len(value)} elements, {schema['maxItems']} are allowed"


def _items(schemas: Schemas, schema: Json, value: Json, path: str) -> Iterator[str]:
    for place, element in enumerate(value if isinstance(value, list) else ()):
        yield from schemas.mistakes(schema["items"], element, f"{path}[{place}]")


def _required(_: Schemas, schema: Json, value: Json, path: str) -> Iterator[str]:
    for name in schema["required"] if isinstance(value, dict) else ():
        if name not in value:
            yield f"{path}.{name}: is missing; give it"


def _properties(schemas: Schemas, schema: Json, value: Json, path: str) -> Iterator[str]:
    for name, member in schema["properties"].items() if isinstance(value, dict) else ():
        if name in value:
            yield from schemas.mistakes(member, value[name], f"{path}.{name}")


def _all_of(schemas: Schemas, schema: Json, value: Json, path: str) -> Iterator[str]:
    for part in schema["allOf"]:
        yield from schemas.unfit(part, value, path)


def _any_of(schemas: Schemas, schema: Json, value: Json, path: str) -> Iterator[str]:
    found = [list(schemas.unfit(part, value, path)) for part in schema.get("anyOf") or schema["oneOf"]]
    if all(found):
        # A way out for each alternative: what is wrong with it first.
        yield "; or ".join(dict.fromkeys(mistakes[0] for mistakes in found))


KEYWORDS: dict[str, Callable[[Schemas, Json, Json, str], Iterator[str]]] = {
    "enum": _enum,
    "format": _format,
    "pattern": _pattern,
    "minLength": _min_length,
    "maxLength": _max_length,
    "minItems": _min_items,
    "maxItems": _max_items,
    "required": _required,
    "properties": _properties,
    "items": _items,
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _any_of,  # the contracts' alternatives exclude each other
}
