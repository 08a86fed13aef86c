"""A request against its operation's contract: converted values, or one 400 with every mistake."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias

from bridge.sandbox.engine.contracts import Described, Parameter
from bridge.sandbox.engine.sentences import Validator, compiled, sentences
from bridge.sandbox.members import sent_json
from bridge.sandbox.messages import Ask, Json, Refusal

Check: TypeAlias = Callable[[Ask], Ask]
Read: TypeAlias = Callable[[Ask], Iterator[str]]

WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")
NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?")
LEAST = {"maxResults": 1, "startIndex": 0}
"""The contracts' types allow less, but no page does."""


def check_of(operation: Described) -> Check:
    """Compiled once for each operation."""
    parameters = [(parameter, compiled(parameter.schema)) for parameter in operation.parameters]
    body = None if operation.body is None else compiled(operation.body)

    def check(ask: Ask) -> Ask:
        given: dict[str, Json] = {}
        mistakes: list[str] = []
        for parameter, validator in parameters:
            text = sent(parameter, ask)
            if text is None:
                mistakes += [f"{parameter.name} is missing"] if parameter.required else []
                given |= _default(parameter)
            else:
                given[parameter.name] = value(parameter, text)
                mistakes += _mistakes(parameter, validator, given[parameter.name])
        mistakes += _of_groups(operation, given)
        if mistakes:
            raise Refusal(_refused(operation, ask, mistakes), *mistakes)
        return replace(ask, operation=operation, given=given, json=_body(body, ask))

    return check


def sent(parameter: Parameter, ask: Ask) -> str | None:
    """None where it is absent, or empty although it is a must."""
    if parameter.place == "path":
        return ask.params[parameter.name]
    if parameter.place == "header":
        return ask.headers.get(parameter.name.lower())
    values = ask.query.get(parameter.name)
    text = ",".join(values) if values and parameter.is_list else ask.first(parameter.name)
    return None if parameter.required and not text else text


def value(parameter: Parameter, text: str) -> Json:
    """The value that a text stands for; the text itself where it stands for none of the right type."""
    convert = CONVERTERS.get(parameter.schema.get("type"), str)
    return [convert(each) for each in text.split(",")] if parameter.is_list else convert(text)


def _whole(text: str) -> Json:
    return int(text) if WHOLE_NUMBER.fullmatch(text) else text


def _number(text: str) -> Json:
    return float(text) if NUMBER.fullmatch(text) else text


def _flag(text: str) -> Json:
    return {"true": True, "false": False}.get(text.lower(), text)


CONVERTERS: dict[str | None, Callable[[str], Json]] = {"integer": _whole, "number": _number, "boolean": _flag}


def _default(parameter: Parameter) -> dict[str, Json]:
    return {parameter.name: parameter.schema["default"]} if "default" in parameter.schema else {}


def _mistakes(parameter: Parameter, validator: Validator, given: Json) -> list[str]:
    values = given if parameter.is_list else [given]
    found = [sentence for each in values for sentence in sentences(validator, each, parameter.name)]
    least = LEAST.get(parameter.name)
    if not found and least is not None and given < least:
        found = [f"{parameter.name} must be a whole number of at least {least}"]
    return found


def _of_groups(operation: Described, given: dict[str, Json]) -> Iterator[str]:
    for group in operation.together:
        missing = [name for name in group if name not in given]
        if missing and len(missing) < len(group):
            yield f"{' and '.join(group)} go together: {' and '.join(missing)} is missing"
    for group in operation.at_least_one:
        if not any(given.get(name) for name in group):
            yield f"at least one is a must of: {', '.join(group)}"


def _refused(operation: Described, ask: Ask, mistakes: list[str]) -> int:
    """Where an operation documents no 400, an id of another form is an id that nothing has."""
    return 404 if 400 not in operation.errors and 404 in operation.errors else 400


def _body(validator: Validator | None, ask: Ask) -> Json:
    if validator is None:
        return None
    body = sent_json(ask)
    found = list(sentences(validator, body))
    if found:
        raise Refusal(400, *found)
    return body
