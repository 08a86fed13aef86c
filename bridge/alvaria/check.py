"""Operation, parameters and body -> all that is wrong with them, before anything is sent."""

import re
from collections.abc import Iterator, Mapping

from bridge.alvaria.operations import Operation, Parameter
from bridge.alvaria.schema import TYPES, Schemas, choices
from bridge.documents import did_you_mean
from bridge.errors import BadRequest
from bridge.model import Json


def check(operation: Operation, params: Mapping[str, Json], body: Json) -> None:
    """BadRequest with a sentence for each mistake. Parameters that are None count as left out."""
    if problems := list(mistakes(operation, params, body)):
        raise BadRequest(f"{operation.id}: {'; '.join(problems)}", tuple(problems))


def mistakes(operation: Operation, params: Mapping[str, Json], body: Json) -> Iterator[str]:
    """A sentence for each, which names the place and what is allowed there, but never the value."""
    given = {name: value for name, value in params.items() if value is not None}
    yield from _unknown(operation, given)
    for parameter in operation.parameters:
        if parameter.name in given:
            yield from _value(operation, parameter, given[parameter.name])
        elif parameter.required:
            yield f"param {parameter.name}: is missing; give it{_usual(parameter)}"
    yield from _combinations(operation, given)
    yield from _body(operation, body)


def _unknown(operation: Operation, given: Mapping[str, Json]) -> Iterator[str]:
    known = [parameter.name for parameter in operation.parameters if parameter.name != "orgId"]
    for name in given:
        if name not in known and name != "orgId":
            yield f"param {name}: there is no such parameter{did_you_mean(name, known)}"


def _usual(parameter: Parameter) -> str:
    usual = parameter.schema.get("default")
    return "" if usual is None else f", such as {usual}"


def _value(operation: Operation, parameter: Parameter, value: Json) -> Iterator[str]:
    """A parameter goes as text, so a number may be given as its digits."""
    place = f"param {parameter.name}"
    parts = str(value).split(",") if parameter.is_list else [value]
    for part in parts:
        yield from operation.schemas.unfit(parameter.schema, as_typed(parameter.type, part), place)


def as_typed(kind: str, value: Json) -> Json:
    """Text as the number or truth value that it stands for, a number as text; anything else stays as it is."""
    if kind == "string" and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    if kind == "integer" and isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value):
        return int(value)
    return value


def _combinations(operation: Operation, given: Mapping[str, Json]) -> Iterator[str]:
    for group in operation.together:
        missing = [name for name in group if name not in given]
        if missing and len(missing) < len(group):
            yield f"params {' and '.join(group)}: go together; give {' and '.join(missing)} too, or none of them"
    for group in operation.one_of:
        if not given.keys() & set(group):
            yield f"params {', '.join(group)}: at least one of them must be given"


def _body(operation: Operation, body: Json) -> Iterator[str]:
    if operation.body is None and body is not None:
        yield "body: there must be none; leave it out"
    elif operation.body is not None and body is None:
        yield "body: is missing; give an object"
    elif operation.body is not None:
        yield from operation.schemas.mistakes(operation.body, body, "body")


def allowed(schemas: Schemas, schema: Json) -> str:
    """What may stand there, in a few words: text, a whole number, one of …"""
    found = schemas.at(schema)
    if "enum" in found:
        return f"one of {choices(found)}"
    if found.get("format") == "date-time":
        return "a time"
    if ways := found.get("oneOf") or found.get("anyOf") if "type" not in found else ():
        return " or ".join(allowed(schemas, way) for way in ways)
    return TYPES[found["type"]][1] if "type" in found else "anything"
