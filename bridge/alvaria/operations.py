"""The operations of the API, read from their contracts: what each takes, and whether it may be repeated."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from bridge.documents import did_you_mean
from bridge.errors import BadRequest
from bridge.model import Json

CONTRACTS = Path(__file__).parent / "contracts"
METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter of an operation. The token and the API key are none: the client adds them to each request."""

    name: str
    place: str
    """path, query or header"""
    type: str
    required: bool


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

    @property
    def names_only_organisation(self) -> bool:
        """Whether its address holds nothing that could be missing but the organisation."""
        return [one.name for one in self.parameters if one.place == "path"] == ["orgId"]


def read_contract(contract: Json) -> Iterator[Operation]:
    """The operations of one OpenAPI document."""
    for path, item in contract["paths"].items():
        for method in METHODS:
            if method in item:
                yield _operation(contract, path, method, item[method])


def _operation(contract: Json, path: str, method: str, found: Json) -> Operation:
    return Operation(
        id=f"{contract['info']['x-api']}.{found['operationId']}",
        summary=found["summary"],
        method=method.upper(),
        path=path,
        category=found["x-category"],
        repeatable=found["x-repeatable"],
        parameters=tuple(_parameter(contract, given) for given in found["parameters"]),
        success=frozenset(int(status) for status in found["responses"] if status.startswith("2")),
        scopes=tuple(scope for way in found["security"] for scope in way["oauth"]),
        deprecated=found.get("deprecated", False),
    )


def _parameter(contract: Json, given: Json) -> Parameter:
    found = contract["components"]["parameters"][given["$ref"].rpartition("/")[2]] if "$ref" in given else given
    return Parameter(name=found["name"], place=found["in"], type=found["schema"]["type"], required=found["required"])


def _read_contracts() -> Iterator[Operation]:
    for file in sorted(CONTRACTS.glob("*.json")):
        yield from read_contract(json.loads(file.read_text(encoding="utf-8")))


OPERATIONS: Mapping[str, Operation] = MappingProxyType({found.id: found for found in _read_contracts()})


def operation(operation_id: str) -> Operation:
    """The operation of this id, such as `contextCookies.upsertSettings`; BadRequest where there is none."""
    if operation_id not in OPERATIONS:
        raise BadRequest(f"there is no operation {operation_id!r}{did_you_mean(operation_id, OPERATIONS)}")
    return OPERATIONS[operation_id]
