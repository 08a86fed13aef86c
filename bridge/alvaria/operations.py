"""The operations of the API, read from their contracts: what each takes and answers, and whether it may be repeated."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from bridge.alvaria.schema import Schemas
from bridge.documents import did_you_mean
from bridge.errors import BadRequest
from bridge.model import Json

CONTRACTS = Path(__file__).parent / "contracts"
METHODS = ("get", "post", "put", "patch", "delete")
PAGING = {"maxResults", "startIndex"}
JSON_TYPE = "application/json"


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter of an operation. The token and the API key are none: the client adds them to each request."""

    name: str
    place: str
    """path, query or header"""
    type: str
    required: bool
    schema: Json = field(compare=False)
    is_list: bool = False
    """Whether it takes several values with commas between them."""
    about: str = ""
    filters: str = ""
    """The member of an item that equals it: it narrows a collection down to what is looked for."""


@dataclass(frozen=True, kw_only=True)
class Names:
    """How the items of a collection are known by a name; members of members have dots between them."""

    id: str
    name: str
    email: str = ""
    """Where an address is a name too."""
    code: str = ""
    """What some operations want in place of the id."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation of the API documents."""

    id: str
    summary: str
    method: str
    path: str
    category: str
    """Whose rate limit its requests count for: Developer's Guide v3.0, Rate Limiting."""
    repeatable: bool
    """Whether the same request twice does no more than once."""
    parameters: tuple[Parameter, ...]
    success: frozenset[int]
    scopes: tuple[str, ...]
    """Alternatives: one of them is enough."""
    deprecated: bool
    replaced_by: str = ""
    """Where to turn to instead: a method and an address."""
    rules: tuple[str, ...] = ()
    """What no schema can say."""
    together: tuple[tuple[str, ...], ...] = ()
    """Parameters that are given together or not at all."""
    one_of: tuple[tuple[str, ...], ...] = ()
    """Parameters of which at least one must be given."""
    version: str = ""
    """The member of the body that must be the one last read: Developer's Guide v3.0, optimistic locking."""
    names: Names | None = None
    kind: str = ""
    """What its items are, as the documents write it: workType."""
    collection: str = ""
    item_id: str = ""
    """The member by which an item is known again."""
    schemas: Schemas = field(repr=False, compare=False)
    body: Json = field(repr=False, compare=False, default=None)
    """The schema of the body; None where it takes none."""
    responses: Mapping[str, Json] = field(repr=False, compare=False, default_factory=dict)
    """As the contract has them, by status; `answers` is what to read."""
    contract: Json = field(repr=False, compare=False, default_factory=dict)
    named_items: str = field(repr=False, default="")

    @property
    def names_only_organisation(self) -> bool:
        """Whether its address holds nothing that could be missing but the organisation."""
        return [one.name for one in self.parameters if one.place == "path"] == ["orgId"]

    @cached_property
    def refusals(self) -> frozenset[int]:
        """The refusals that it documents."""
        return frozenset(int(status) for status in self.responses if status[0] == "4")

    def looks_up(self, *, code: bool = False) -> bool:
        """Whether it lists things by their names, so that it can tell the id of one, or its code."""
        return self.names is not None and (not code or bool(self.names.code))

    @property
    def is_paged(self) -> bool:
        return {one.name for one in self.parameters} >= PAGING

    @cached_property
    def answers(self) -> Mapping[int, Json]:
        """Status -> schema of the body; None where it has none."""
        return {int(status): _schema(_at(self.contract, one)) for status, one in self.responses.items()}

    @cached_property
    def items(self) -> str:
        """The array that makes its answer a collection; empty where the answer is none."""
        if self.named_items:
            return self.named_items
        members = self.schemas.members(self.answer)
        arrays = [name for name, one in members.items() if self.schemas.at(one).get("type") == "array"]
        return arrays[0] if len(arrays) == 1 and "totalItems" in members else ""

    @property
    def called(self) -> tuple[str, str]:
        """What a person calls one of its items, and several: work type, work types."""
        many = self.collection or self.items or "entries"
        one = self.kind or re.sub("ies$", "y", many).removesuffix("s")
        return in_words(one), in_words(many)

    @property
    def answer(self) -> Json:
        """The schema of what a success brings; empty where it brings nothing."""
        return next((schema for status, schema in sorted(self.answers.items()) if status < 300 and schema), {})

    @property
    def item(self) -> Json:
        """The schema of one item of the collection; empty where there is none."""
        return self.schemas.at(self.schemas.members(self.answer).get(self.items, {})).get("items", {})


def read_contract(contract: Json) -> Iterator[Operation]:
    """The operations of one OpenAPI document."""
    components = contract.get("components", {})
    shared = {name: _parameter(found) for name, found in components.get("parameters", {}).items()}
    schemas = Schemas(components.get("schemas", {}))
    parts = Parts(contract=contract, parameters=shared, schemas=schemas)
    for path, item in contract["paths"].items():
        for method in METHODS:
            if method in item:
                yield _operation(parts, path, method, item[method])


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What the operations of a contract share, read once."""

    contract: Json
    parameters: Mapping[str, Parameter]
    schemas: Schemas

    def parameter(self, given: Json) -> Parameter:
        return self.parameters[given["$ref"].rpartition("/")[2]] if "$ref" in given else _parameter(given)


def _operation(parts: Parts, path: str, method: str, found: Json) -> Operation:
    names = found.get("x-names")
    collection = found.get("x-collection", {})
    items = collection.get("items") or (names or {}).get("items", "")
    return Operation(
        id=f"{parts.contract['info']['x-api']}.{found['operationId']}",
        summary=found["summary"],
        method=method.upper(),
        path=path,
        category=found["x-category"],
        repeatable=found["x-repeatable"],
        parameters=tuple(map(parts.parameter, found["parameters"])),
        success=frozenset(int(status) for status in found["responses"] if status[0] == "2"),
        scopes=tuple(scope for way in found["security"] for scope in way["oauth"]),
        deprecated=found.get("deprecated", False),
        replaced_by=found.get("x-replaced-by", ""),
        rules=tuple(found.get("x-rules", ())),
        together=tuple(map(tuple, found.get("x-together", ()))),
        one_of=tuple(map(tuple, found.get("x-at-least-one", ()))),
        version=found.get("x-version", ""),
        names=_names(names) if names else None,
        kind=collection.get("kind", "").partition("#")[2],
        collection=collection.get("name", ""),
        item_id=collection.get("id") or (names or {}).get("id", ""),
        schemas=parts.schemas,
        body=_schema(found.get("requestBody", {})),
        responses=found["responses"],
        contract=parts.contract,
        named_items=items,
    )


def _at(contract: Json, given: Json) -> Json:
    """What stands at a reference such as #/components/parameters/orgId."""
    while "$ref" in given:
        _, *steps = given["$ref"].split("/")
        given = contract
        for step in steps:
            given = given[step]
    return given


def _parameter(found: Json) -> Parameter:
    narrows = found.get("x-filter", {})
    return Parameter(
        name=found["name"],
        place=found["in"],
        type=found["schema"]["type"],
        required=found["required"],
        schema=found["schema"],
        is_list=found.get("x-list", False),
        about=found.get("description", ""),
        filters=narrows["property"] if narrows.get("as") == "equals" else "",
    )


def _schema(found: Json) -> Json:
    return found.get("content", {}).get(JSON_TYPE, {}).get("schema")


def _names(found: Json) -> Names:
    return Names(**{member: found[member] for member in ("id", "name", "email", "code") if member in found})


def in_words(name: str) -> str:
    """numberTypes -> number types."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()


def _read_contracts() -> Iterator[Operation]:
    for file in sorted(CONTRACTS.glob("*.json")):
        yield from read_contract(json.loads(file.read_text(encoding="utf-8")))


OPERATIONS: Mapping[str, Operation] = MappingProxyType({found.id: found for found in _read_contracts()})


def operation(operation_id: str) -> Operation:
    """The operation of this id, such as `contextCookies.upsertSettings`; BadRequest where there is none."""
    if operation_id not in OPERATIONS:
        raise BadRequest(f"there is no operation {operation_id!r}{did_you_mean(operation_id, OPERATIONS)}")
    return OPERATIONS[operation_id]
