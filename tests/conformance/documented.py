"""The contracts, read for the tests alone: what an operation documents, and what an answer has against that.

Neither the bridge's nor the sandbox's own reading of them is used here, so that no mistake of theirs hides itself.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring
from jsonschema import Draft4Validator, FormatChecker

FOLDER = Path(__file__).parents[2] / "bridge" / "alvaria" / "contracts"
METHODS = ("get", "put", "post", "patch", "delete")
JSON, XML = "application/json", "application/xml"
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")

Schema = dict[str, Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Operation:
    api: str
    name: str
    method: str
    path: str
    methods: frozenset[str]
    """All that its path has."""
    parameters: Sequence[Mapping[str, Any]]
    """But for the organisation."""
    together: Sequence[Sequence[str]]
    at_least_one: Sequence[Sequence[str]]
    version: str
    """The body's member that carries the optimistic lock; empty where there is none."""
    body: Schema | None
    responses: Mapping[int, Mapping[str, Schema]]
    """Status -> media type -> schema."""
    headers: Mapping[int, Sequence[str]]
    """Status -> the answer's headers that are told."""

    @property
    def id(self) -> str:
        return f"{self.api}.{self.name}"

    @property
    def statuses(self) -> list[int]:
        return sorted(self.responses)

    def takes_xml(self, status: int) -> bool:
        return XML in self.responses[status]


def read(folder: Path = FOLDER) -> dict[str, Operation]:
    contracts = [json.loads(file.read_text("utf-8")) for file in sorted(folder.glob("*.json"))]
    return {one.id: one for contract in contracts for one in _operations(contract)}


def _operations(contract: Any) -> Iterator[Operation]:
    for path, item in resolved(contract, contract["paths"]).items():
        for method in METHODS:
            if method in item:
                yield _operation(contract["info"]["x-api"], path, method, item)


def _operation(api: str, path: str, method: str, item: Any) -> Operation:
    told = item[method]
    return Operation(
        api=api,
        name=told["operationId"],
        method=method.upper(),
        path=path,
        methods=frozenset(name.upper() for name in METHODS if name in item),
        parameters=[one for one in told["parameters"] if one["name"] != "orgId"],
        together=told.get("x-together", []),
        at_least_one=told.get("x-at-least-one", []),
        version=told.get("x-version", ""),
        body=told["requestBody"]["content"][JSON]["schema"] if "requestBody" in told else None,
        responses={
            int(status): {kind: content["schema"] for kind, content in answer.get("content", {}).items()}
            for status, answer in told["responses"].items()
        },
        headers={int(status): list(answer.get("headers", ())) for status, answer in told["responses"].items()},
    )


def resolved(contract: Any, node: Any) -> Any:
    """A copy without references; no schema of the contracts holds itself."""
    if isinstance(node, list):
        return [resolved(contract, each) for each in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("$ref"), str):
        found = contract
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return resolved(contract, found)
    return {name: resolved(contract, value) for name, value in node.items()}


OPERATIONS = read()

FORMATS = FormatChecker(formats=())


@FORMATS.checks("date-time")
def is_date_time(value: object) -> bool:
    """What is no text at all is the type's business."""
    return not isinstance(value, str) or DATE_TIME.fullmatch(value) is not None


def problems(operation: Operation, status: int, media_type: str, content: bytes) -> Iterator[str]:
    """What the contract has against an answer: sentences, none where it is as documented."""
    if status not in operation.responses:
        yield f"{status} is not documented"
        return
    kinds = operation.responses[status]
    if not kinds:
        yield from [f"a body where none is documented: {content!r}"] if content or media_type else []
    elif media_type not in kinds:
        yield f"a body of the type {media_type or 'none'}, and not of {', '.join(kinds)}"
    else:
        yield from _of_body(closed(kinds[media_type]), media_type, content)


def _of_body(schema: Schema, media_type: str, content: bytes) -> Iterator[str]:
    body = json.loads(content) if media_type == JSON else of_xml(schema, fromstring(content))
    for error in Draft4Validator(schema, format_checker=FORMATS).iter_errors(body):
        yield f"{error.json_path}: {error.message}"


def closed(schema: Any) -> Any:
    """The schema as one that knows no other members than it tells.

    Where the document's own examples break a format, `x-also-seen` says so, and any text will do.
    """
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    left_out = {"allOf", "format"} if "x-also-seen" in schema else {"allOf"}
    whole = {name: closed(value) for name, value in schema.items() if name not in left_out}
    members = _members(schema)
    return {**whole, "properties": members, "additionalProperties": False} if members else whole


def _members(schema: Schema) -> Schema:
    """Its own and those of its parts."""
    inherited = [_members(part) for part in schema.get("allOf", ())]
    own = schema.get("properties", {})
    return {name: closed(one) for part in [*inherited, own] for name, one in part.items()}


def members(schema: Schema, where: str = "") -> set[str]:
    """The places of all members of a closed schema, such as .contactLists[].id."""
    if "items" in schema:
        return members(schema["items"], f"{where}[]")
    own = schema.get("properties", {})
    return {f"{where}.{name}" for name in own}.union(*(members(one, f"{where}.{name}") for name, one in own.items()))


def shown(value: Any, where: str = "") -> set[str]:
    """The places of all members that a value has."""
    if isinstance(value, list):
        return set[str]().union(*(shown(one, f"{where}[]") for one in value))
    own = value if isinstance(value, dict) else {}
    return {f"{where}.{name}" for name in own}.union(*(shown(one, f"{where}.{name}") for name, one in own.items()))


def of_xml(schema: Schema, element: Element) -> Any:
    """An element's values as JSON has them, by the schema: XML alone does not tell 7 from "7"."""
    kind = schema.get("type")
    if kind == "object":
        known = schema.get("properties", {})
        return {child.tag: of_xml(known.get(child.tag, {}), child) for child in element}
    if kind == "array":
        return [of_xml(schema["items"], child) for child in element]
    text = element.text or ""
    return int(text) if kind == "integer" and text.isdecimal() else text
