"""What each operation takes, as its contract says it: the schemas of parameters and body, references followed."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from bridge.alvaria.operations import operation
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
    found = known.contract["paths"][known.path][known.method.lower()]
    params = [one for one in known.parameters if one.name != "orgId"]
    return Takes(
        params={one.name: _followed(known.contract, one.schema) for one in params},
        required=frozenset(one.name for one in params if one.required),
        body=_followed(known.contract, known.body) if known.body else None,
        needs_body=found.get("requestBody", {}).get("required", False),
    )


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
