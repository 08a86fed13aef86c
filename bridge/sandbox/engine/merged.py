"""All contracts as one OpenAPI document, for programs that read such documents."""

from collections.abc import Sequence

from bridge.sandbox.engine.contracts import METHODS, Contract
from bridge.sandbox.messages import Json

PREFIX = "#/components/"
TOKEN_URL = "/tokenservice/oauth2/access_token"  # noqa: S105 - a path


def merged(contracts: Sequence[Contract]) -> Json:
    """Components of the same name differ between the contracts, so each gets its API's name before its own."""
    paths: dict[str, Json] = {}
    components: dict[str, dict[str, Json]] = {}
    for contract in contracts:
        text = renamed(contract.text, contract.api)
        for kind, named in text["components"].items():
            components.setdefault(kind, {}).update({f"{contract.api}.{name}": one for name, one in named.items()})
        paths |= {path: _operations(item, contract.api) for path, item in text["paths"].items()}
    for scheme in components.get("securitySchemes", {}).values():
        for flow in scheme.get("flows", {}).values():
            flow["tokenUrl"] = TOKEN_URL
    return {
        "openapi": "3.0.3",
        "info": {"title": "Sandbox: a stand-in for Alvaria Cloud", "version": "1"},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": components,
    }


def renamed(node: Json, api: str) -> Json:
    """A copy whose references go to the components' new names."""
    if isinstance(node, list):
        return [renamed(each, api) for each in node]
    if not isinstance(node, dict):
        return node
    return {name: _reference(value, api) if name == "$ref" else renamed(value, api) for name, value in node.items()}


def _reference(value: str, api: str) -> str:
    kind, _, name = value.removeprefix(PREFIX).partition("/")
    return f"{PREFIX}{kind}/{api}.{name}"


def _operations(item: Json, api: str) -> Json:
    return {method: _operation(told, api) if method in METHODS else told for method, told in item.items()}


def _operation(told: Json, api: str) -> Json:
    security = [{f"{api}.{scheme}": scopes for scheme, scopes in way.items()} for way in told["security"]]
    return {**told, "operationId": f"{api}.{told['operationId']}", "security": security}
