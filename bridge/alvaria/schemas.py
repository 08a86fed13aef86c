"""What each operation takes, as its contract says it: the schemas of parameters and body, references followed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from bridge.alvaria.operations import CONTRACTS, OPERATIONS, operation
from bridge.model import Json


@dataclass(frozen=True, kw_only=True)
class Takes:
    """The schemas of one operation's request."""

    params: Mapping[str, Json]
    """By name. The organisation is none: the client adds it to each request."""
    required: frozenset[str]
    """The parameters that must be there."""
    body: Json
    """None where it takes none."""
    needs_body: bool


@cache
def takes(operation_id: str) -> Takes:
    """BadRequest where there is no such operation."""
    known = operation(operation_id)
    contract = _contract(operation_id.partition(".")[0])
    found = contract["paths"][known.path][known.method.lower()]
    params = [_followed(contract, one) for one in found["parameters"]]
    asked = found.get("requestBody", {})
    return Takes(
        params={one["name"]: one["schema"] for one in params if one["name"] != "orgId"},
        required=frozenset(one["name"] for one in params if one["required"] and one["name"] != "orgId"),
        body=_followed(contract, asked["content"]["application/json"]["schema"]) if asked else None,
        needs_body=asked.get("required", False),
    )


@cache
def looks_up(operation_id: str, *, code: bool = False) -> bool:
    """Whether the operation lists things by their names, so that it can tell the id of one, or its code."""
    known = operation(operation_id)
    found = _contract(operation_id.partition(".")[0])["paths"][known.path][known.method.lower()]
    return "x-names" in found and (not code or "code" in found["x-names"])


@cache
def refusals(operation_id: str) -> frozenset[int]:
    """The refusals that the operation documents; none where there is no such operation."""
    known = OPERATIONS.get(operation_id)
    if not known:
        return frozenset()
    found = _contract(operation_id.partition(".")[0])["paths"][known.path][known.method.lower()]
    return frozenset(int(status) for status in found["responses"] if status.startswith("4"))


@cache
def replaced_by(operation_id: str) -> str:
    """What the vendor says to use instead of a deprecated operation; empty where it is none."""
    known = operation(operation_id)
    found = _contract(operation_id.partition(".")[0])["paths"][known.path][known.method.lower()]
    return str(found.get("x-replaced-by", "")) if known.deprecated else ""


@cache
def _contract(api: str) -> Json:
    contracts = (json.loads(file.read_text(encoding="utf-8")) for file in sorted(CONTRACTS.glob("*.json")))
    return next(one for one in contracts if one["info"]["x-api"] == api)


def _followed(contract: Json, found: Json) -> Json:
    """The same with each reference replaced by what it refers to."""
    if isinstance(found, list):
        return [_followed(contract, one) for one in found]
    if not isinstance(found, dict):
        return found
    if "$ref" in found:
        _, *path = found["$ref"].split("/")
        target = contract
        for part in path:
            target = target[part]
        return _followed(contract, target)
    return {name: _followed(contract, one) for name, one in found.items()}
