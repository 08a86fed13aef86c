"""Read, change, write: if another was faster, all over again. Developer's Guide v3.0, optimistic locking."""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy

from bridge.alvaria.operations import Operation
from bridge.alvaria.schema import Schemas
from bridge.errors import BadRequest, Refused
from bridge.model import Answer, Json

CONFLICT = 409


def change(  # noqa: PLR0913, PLR0917 (the client's method, without the client)
    send: Callable[..., Answer],
    read: Operation,
    write: Operation,
    params: Mapping[str, Json],
    changed: Callable[[Json], Json],
    attempts: int,
) -> Answer:
    """The answer to the last writing. `changed` is asked anew for each reading, since what it was given is stale."""
    if not write.version:
        raise BadRequest(f"{write.id}: it takes no version, so nothing would be noticed; read and send")
    for left in reversed(range(attempts)):
        found = send(read.id, params)
        if not 200 <= found.status < 300:
            raise Refused(read.id, found)
        answer = send(write.id, params, body_of(write, found.body, changed(deepcopy(found.body))))
        if answer.status != CONFLICT or not left:
            return answer
    raise ValueError("at least one attempt")


def body_of(write: Operation, found: Json, wanted: Json) -> Json:
    """What is written: `wanted`, with the version that was read and without what only reading knows."""
    body = without(write.schemas, write.body, wanted, frozenset(_names(found)))
    if isinstance(body, dict) and isinstance(found, dict) and write.version in found:
        body[write.version] = found[write.version]
    return body


def without(schemas: Schemas, schema: Json, value: Json, read: frozenset[str]) -> Json:
    """Leave out members that were read and cannot be written; one that was never read is a mistake, and stays."""
    found = schemas.at(schema)
    if isinstance(value, list):
        return [without(schemas, found.get("items", {}), element, read) for element in value]
    members = schemas.members(found)
    if not isinstance(value, dict) or not members:
        return value
    return {
        name: without(schemas, members.get(name, {}), member, read)
        for name, member in value.items()
        if name in members or name not in read
    }


def _names(value: Json) -> Iterator[str]:
    """Of all members, however deep."""
    if isinstance(value, dict):
        yield from value
    for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _names(member)
