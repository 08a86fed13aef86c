"""Which request brings which status about, derived from the contract alone: one for each thing that can be wrong."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.conformance.documented import JSON, METHODS, OPERATIONS, XML, Operation
from tests.conformance.requests import USUAL, Request, Scene, as_it_is
from tests.sandbox.client import Client


@dataclass(frozen=True, kw_only=True)
class Case:
    status: int
    what: str
    request: Request
    times: int = 1
    """How often it is sent; the last answer counts."""

    @property
    def operation(self) -> Operation:
        return self.request.operation

    @property
    def name(self) -> str:
        return f"{self.operation.id} {self.status} {self.what}"


def derived(operation: Operation) -> Iterator[Case]:
    """All that the operation documents; a status that it does not document is nobody's promise."""
    for status, what, derive in CAUSES:
        if status in operation.responses:
            for detail, request in derive(USUAL[operation.id]):
                yield Case(status=status, what=f"{what}: {detail}" if detail else what, request=request)
    if 429 in operation.responses:
        request = replace(USUAL[operation.id], scene=one_request_only)
        yield Case(status=429, what="the rate limit is used up", request=request, times=2)


Requests = Iterator[tuple[str, Request]]
"""What is wrong with each in particular, and the request."""


def without_credentials(request: Request) -> Requests:
    for what, scene in CREDENTIALS.items():
        yield what, replace(request, scene=scene)


def without(name: str) -> Scene:
    return lambda client: client.credentials.pop(name)


def with_another(name: str, value: str) -> Scene:
    return lambda client: client.credentials.update({name: value})


def for_something_else(client: Client) -> None:
    client.sign_in("somethingelse")


def one_request_only(client: Client) -> None:
    client.put("/_sandbox/rate-limit", {"limit": 1, "window_s": 60})


CREDENTIALS: dict[str, Scene] = {
    "no token": without("Authorization"),
    "a wrong token": with_another("Authorization", "Bearer nothing"),
    "no token but a password": with_another("Authorization", "Basic bWU6bWU="),
    "a token without the scope": for_something_else,
    "no key": without("x-api-key"),
    "a wrong key": with_another("x-api-key", "nothing"),
}


def of_another_method(request: Request) -> Requests:
    for method in sorted({name.upper() for name in METHODS} - request.operation.methods):
        yield method, replace(request, method=method, body=None)


def of_another_media_type(request: Request) -> Requests:
    for kind in ("text/csv", "application/json;q=0"):
        yield kind, request.by(headers={"Accept": kind})


def of_unknown_ids(request: Request) -> Requests:
    for parameter in _in(request, "path"):
        unknown = "99999" if parameter["schema"]["type"] == "integer" else "nothing"
        yield parameter["name"], replace(request.by(ids={parameter["name"]: unknown}), scene=as_it_is)


def of_unknown_ids_without_a_404(request: Request) -> Requests:
    """Some operations have a 400 for that."""
    if 404 not in request.operation.responses:
        yield from of_unknown_ids(request)


def without_a_must(request: Request) -> Requests:
    for parameter in _in(request, "query"):
        if parameter["required"]:
            yield f"{parameter['name']} is absent", request.by(query={parameter["name"]: None})
            yield f"{parameter['name']} is empty", request.by(query={parameter["name"]: ""})
    for group in request.operation.together:
        yield f"{group[0]} is alone", request.by(query={group[0]: "2030-01-01T00:00:00.000Z"})
    for group in request.operation.at_least_one:
        yield f"none of {', '.join(group)}", request.by(query=dict.fromkeys(group))


def of_another_type(request: Request) -> Requests:
    for parameter in request.operation.parameters:
        place = {"path": "ids", "query": "query", "header": "headers"}[parameter["in"]]
        for value in _wrong(parameter["schema"]):
            yield f"{parameter['name']}={value}", request.by(**{place: {parameter["name"]: value}})


def _wrong(schema: Mapping[str, Any]) -> list[str]:
    """Texts that stand for no value of the schema."""
    if "enum" in schema:
        return ["nothing", "99"]
    if schema.get("format") == "date-time":
        return ["tomorrow", "2030-13-01T00:00:00.000Z"]
    return {"integer": ["seven", "1.5"], "boolean": ["perhaps"]}.get(schema["type"], [])


def of_another_body(request: Request) -> Requests:
    if request.operation.body is None:
        return
    yield "none", replace(request, body=b"")
    yield "no JSON", replace(request, body=b"{")
    yield "not UTF-8", replace(request, body=b'{"a": "\xff"}')
    yield "of another media type", request.by(headers={"Content-Type": "text/plain"})
    yield "without a media type", request.by(headers={"Content-Type": ""})
    for what, body in _bent(request.operation.body, request.body):
        yield what, replace(request, body=body)


def _bent(schema: Mapping[str, Any], good: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """The value with one thing wrong in it, however deep."""
    for wrong in WRONG[schema.get("type", "object")]:
        yield f"{where or 'the body'} is {wrong!r}", wrong
    if isinstance(good, dict):
        yield from _with_bent_members(schema, good, where)
    if isinstance(good, list) and good:
        for what, bent in _bent(schema["items"], good[0], f"{where}[0]"):
            yield what, [bent, *good[1:]]


def _with_bent_members(schema: Mapping[str, Any], good: dict[str, Any], where: str) -> Iterator[tuple[str, Any]]:
    for name in schema.get("required", ()):
        yield f"{where}.{name} is absent", {member: value for member, value in good.items() if member != name}
    for name, member in schema.get("properties", {}).items():
        if name in good and "oneOf" not in member:
            for what, bent in _bent(member, good[name], f"{where}.{name}"):
                yield what, {**good, name: bent}


WRONG: dict[str, list[Any]] = {
    "object": [[], "text", 7, None],
    "array": [{}, "text", 7],
    "string": [7, [], True],
    "integer": ["seven", 1.5, True],
    "number": ["seven"],
    "boolean": ["true", 1],
}


def of_a_stale_version(request: Request) -> Requests:
    if version := request.operation.version:
        yield "", request.by(body={version: 99})


def _in(request: Request, place: str) -> list[Mapping[str, Any]]:
    return [parameter for parameter in request.operation.parameters if parameter["in"] == place]


def as_it_should_be(request: Request) -> Requests:
    yield "", request


CAUSES: list[tuple[int, str, Callable[[Request], Requests]]] = [
    (400, "a must is missing", without_a_must),
    (400, "a value of another type", of_another_type),
    (400, "another body", of_another_body),
    (400, "an unknown id", of_unknown_ids_without_a_404),
    (401, "credentials", without_credentials),
    (404, "an unknown id", of_unknown_ids),
    (405, "another method", of_another_method),
    (406, "another format", of_another_media_type),
    (409, "a stale version", of_a_stale_version),
]
"""Status, what is wrong, and the requests in which it is."""

ORDERED = "ordered"
SERVERS_OWN = (408, 500)
"""No request of a client's brings these about; the sandbox is told to pretend them."""


def ordered(operation: Operation) -> Iterator[Case]:
    for status in SERVERS_OWN:
        if status in operation.responses:
            scene = _fault(operation.id, status)
            yield Case(status=status, what=ORDERED, request=replace(USUAL[operation.id], scene=scene))


def _fault(id_: str, status: int) -> Scene:
    return lambda client: client.post("/_sandbox/faults", {"operation": id_, "status": status})


def in_xml(case: Case) -> Iterator[Case]:
    """The same, asked for in XML where that is documented."""
    if case.operation.takes_xml(case.status) and "Accept" not in case.request.headers:
        for accept in (XML, f"text/html, {XML};q=0.9, {JSON};q=0.5"):
            yield replace(case, what=f"{case.what} in {accept}", request=case.request.by(headers={"Accept": accept}))


def of_every_operation() -> Iterator[Case]:
    for operation in OPERATIONS.values():
        yield from derived(operation)
        yield from ordered(operation)
