"""What is wrong with a value, in sentences that say where and what to send instead."""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias, cast

from jsonschema import Draft4Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from bridge.sandbox.members import moment
from bridge.sandbox.messages import Json

FORMATS = FormatChecker(formats=())
TYPES = {
    "object": "an object",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}


Validator: TypeAlias = Any


def _type(validator: Validator, kind: Json, value: Json, schema: Json) -> Iterator[ValidationError]:
    """OpenAPI 3.0 says `nullable` where JSON Schema has null among the types; else it is close to draft 4."""
    if value is not None or not schema.get("nullable"):
        yield from Draft4Validator.VALIDATORS["type"](validator, kind, value, schema)


Dialect: Validator = extend(Draft4Validator, {"type": _type})  # type: ignore[no-untyped-call] # the stubs leave it open


def compiled(schema: Json) -> Validator:
    return Dialect(schema, format_checker=FORMATS)


@FORMATS.checks("date-time")
def is_moment(value: Json) -> bool:
    """ISO 8601 in UTC; what is no text at all is the type's business."""
    try:
        return not isinstance(value, str) or bool(moment("", value))
    except ValueError:
        return False


def sentences(validator: Validator, value: Json, name: str = "") -> Iterator[str]:
    """One for each mistake, none twice."""
    yield from dict.fromkeys(sentence for error in validator.iter_errors(value) for sentence in _of_error(error, name))


def _of_error(error: ValidationError, name: str) -> Iterator[str]:
    where = name + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
    where = where.removeprefix(".")
    kind, held, wanted = str(error.validator), cast(Any, error.instance), cast(Any, error.validator_value)
    if kind == "required":
        prefix = f"{where}: " if where else ""
        yield from (f"{prefix}{each} is missing" for each in wanted if each not in held)
    elif kind in ("anyOf", "oneOf"):
        yield _of_forms(error, name)
    else:
        yield f"{where or 'the body'} must {WANTED.get(kind, str)(wanted)}"


def _of_forms(error: ValidationError, name: str) -> str:
    """None of the forms fits: what each of them lacks."""
    forms: dict[Any, list[str]] = {}
    for inner in error.context or ():
        forms.setdefault(inner.schema_path[0], []).extend(_of_error(inner, name))
    return "either " + ", or ".join(" and ".join(dict.fromkeys(lacks)) for lacks in forms.values())


WANTED: dict[str, Callable[[Any], str]] = {
    "type": lambda kind: f"be {TYPES.get(kind, kind)}",
    "enum": lambda values: f"be one of: {', '.join(str(value) for value in values)}",
    "format": lambda _: "be ISO 8601 in UTC, such as 2030-01-31T12:00:00.000Z",
    "pattern": lambda pattern: f"match {pattern}",
    "minLength": lambda least: "not be empty" if least == 1 else f"have at least {least} characters",
    "maxLength": lambda most: f"have at most {most} characters",
    "minItems": lambda least: f"have at least {least} members",
    "maxItems": lambda most: f"have at most {most} members",
    "minimum": lambda least: f"be at least {least}",
    "maximum": lambda most: f"be at most {most}",
}
