"""The vendor's operations as the contracts' files describe them. They are read as data: a new one needs no code."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.sandbox.messages import Json

FOLDER = Path(__file__).parents[2] / "alvaria" / "contracts"
METHODS = ("get", "put", "post", "delete", "patch")
JSON = "application/json"


@dataclass(frozen=True, kw_only=True)
class Parameter:
    name: str
    place: str
    """path, query or header."""
    required: bool
    schema: Json
    is_list: bool
    """Values with commas between."""
    filter: Mapping[str, str] | None
    """What it asks of the items of a list."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Described:
    """One operation of a contract; every reference in it is replaced by what it refers to."""

    api: str
    name: str
    method: str
    path: str
    category: str
    scopes: frozenset[str]
    """An access token needs one of these."""
    media_types: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    body: Json
    """The schema of the request's body; None where there is none."""
    answers: Mapping[int, Json]
    """Status -> the schema of the answer's body; None where it has none."""
    headers: Mapping[int, Sequence[str]]
    """Status -> the headers that are told of the answer."""
    errors: Mapping[int, Json]
    """The answers that are errors; of one that documents none, those of the same path."""
    collection: Mapping[str, str]
    """Its own, or of an action the one of the nearest list above it."""
    replaces: bool
    """The work is to replace the whole list."""
    version: str | None
    """The body's member that carries the optimistic lock."""
    item_name: str | None
    """Where the items of its collection have their name."""
    together: Sequence[Sequence[str]]
    at_least_one: Sequence[Sequence[str]]

    @property
    def id(self) -> str:
        return f"{self.api}.{self.name}"

    @property
    def success(self) -> int:
        return min(status for status in self.answers if status < 300)


@dataclass(frozen=True, kw_only=True)
class Contract:
    api: str
    text: Json
    """The document as it was read."""
    operations: tuple[Described, ...]

    @property
    def place(self) -> str:
        """The part that all its paths share, such as /campaign/."""
        within = [operation.path.partition("{orgId}/")[2].split("/") for operation in self.operations]
        depth = next((at for at, names in enumerate(zip(*within, strict=False)) if len(set(names)) > 1), 1)
        return "/" + "/".join(within[0][:depth]) + "/"


def read(folder: Path = FOLDER) -> tuple[Contract, ...]:
    return tuple(_contract(json.loads(file.read_text(encoding="utf-8"))) for file in sorted(folder.glob("*.json")))


def _contract(text: Json) -> Contract:
    api, paths = text["info"]["x-api"], _Resolver(text).resolved(text["paths"])
    operations = tuple(
        _operation(api, paths, path, method) for path, item in paths.items() for method in METHODS if method in item
    )
    return Contract(api=api, text=text, operations=operations)


class _Resolver:
    """Puts in the place of each reference what it refers to, the same object for the same reference."""

    def __init__(self, text: Json) -> None:
        self._text = text
        self._known: dict[str, Json] = {}

    def resolved(self, node: Json) -> Json:
        if isinstance(node, list):
            return [self.resolved(each) for each in node]
        if not isinstance(node, dict):
            return node
        if isinstance(node.get("$ref"), str):
            return self._referred(node["$ref"])
        return {name: self.resolved(value) for name, value in node.items()}

    def _referred(self, reference: str) -> Json:
        if reference not in self._known:
            node = self._text
            for step in reference.removeprefix("#/").split("/"):
                node = node[step]
            self._known[reference] = self.resolved(node)
        return self._known[reference]


def _operation(api: str, paths: Json, path: str, method: str) -> Described:
    told = paths[path][method]
    answers = _answers(told)
    body = told.get("requestBody")
    return Described(
        api=api,
        name=told["operationId"],
        method=method.upper(),
        path=path,
        category=told["x-category"],
        scopes=frozenset(scope for way in told["security"] for scope in way.get("oauth", ())),
        media_types=_media_types(told),
        parameters=tuple(_parameter(one) for one in told.get("parameters", ())),
        body=body["content"][JSON]["schema"] if body else None,
        answers=answers,
        headers={int(status): tuple(answer.get("headers", ())) for status, answer in told["responses"].items()},
        errors=_errors(answers) or _errors_of_path(paths[path]),
        collection=told.get("x-collection") or _nearest_list(paths, path),
        replaces="x-replaces" in told,
        version=told.get("x-version"),
        item_name=_item_name(paths, told.get("x-collection")),
        together=told.get("x-together", ()),
        at_least_one=told.get("x-at-least-one", ()),
    )


def _parameter(told: Json) -> Parameter:
    return Parameter(
        name=told["name"],
        place=told["in"],
        required=told["required"],
        schema=told["schema"],
        is_list=told.get("x-list", False),
        filter=told.get("x-filter"),
    )


def _answers(told: Json) -> dict[int, Json]:
    return {
        int(status): answer.get("content", {}).get(JSON, {}).get("schema")
        for status, answer in told["responses"].items()
    }


def _errors(answers: Mapping[int, Json]) -> dict[int, Json]:
    return {status: schema for status, schema in answers.items() if status >= 400}


def _errors_of_path(item: Json) -> dict[int, Json]:
    return {
        status: schema
        for method in METHODS
        if method in item
        for status, schema in _errors(_answers(item[method])).items()
    }


def _media_types(told: Json) -> tuple[str, ...]:
    """JSON first; who takes XML takes it by both its names."""
    kinds = dict.fromkeys(kind for answer in told["responses"].values() for kind in answer.get("content", ()))
    return (JSON, *(kind for kind in kinds if kind != JSON), *(("text/xml",) if "application/xml" in kinds else ()))


def _nearest_list(paths: Json, path: str) -> dict[str, str]:
    """An action on a list has the list's own names; it does something else."""
    steps = path.split("/")
    above = ("/".join(steps[:end]) for end in range(len(steps), 0, -1))
    lists = (paths[each].get("get", {}).get("x-collection") for each in above if each in paths)
    return next(({**found, "does": ""} for found in lists if found and found["does"] == "list"), {})


def _item_name(paths: Json, collection: Json) -> str | None:
    """Where the items of the same collection have their name, as its list says for looking ids up."""
    for told in _all_told(paths):
        own, names = told.get("x-collection"), told.get("x-names")
        if collection and own and names and own["does"] == "list" and own["name"] == collection["name"]:
            if own.get("under") == collection.get("under"):
                return str(names["name"])
    return None


def _all_told(paths: Json) -> Iterator[Any]:
    for item in paths.values():
        yield from (item[method] for method in METHODS if method in item)
