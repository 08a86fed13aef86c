"""Names to ids: what a mapping calls by its name, as the API must be asked for it."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge import clock
from bridge.alvaria.client import Client
from bridge.alvaria.operations import OPERATIONS, Names, Operation, operation
from bridge.errors import LookupFailed, NotFound, Refused, Unreachable
from bridge.model import Json

INSERT = "campaign.insertFastPathRecords"
FASTPATH = "FastPath"
LIST_TYPES = {0: "Static", 1: "Dynamic", 2: FASTPATH, 3: "ActiveSort"}
"""Campaign API v2.0.0, ItemListsResponse."""
UNKNOWN_FOR = timedelta(seconds=10)
"""How long a list is believed to be missing or wrong: someone may be about to mend that."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """An id, or the sentence that says why there is none."""

    id: Json = 0
    problem: str = ""
    until: datetime


class Lookups:
    """Remembers for `ttl_s` what it found. Shared by threads: the worst is that two look up the same.

    A name is written `{"id_of": "Hot leads", "by": "campaign.listLists"}`, where `by` is an operation that lists
    things with names. `params` are for those that need some, and `"as": "code"` asks for the code in place of the id.
    """

    def __init__(self, client: Client, ttl_s: float = 300, now: Callable[[], datetime] = clock.now) -> None:
        self._client = client
        self._ttl = timedelta(seconds=ttl_s)
        self._now = now
        self._known: dict[tuple[str, ...], Found] = {}

    def resolve(self, params: Mapping[str, Json], operation_id: str = INSERT) -> dict[str, Json]:
        """`params` with ids in place of names, for `operation_id`; an insert's list must be a FastPath list.

        NotFound says what is wrong with a name. LookupFailed and Unreachable say that it could not be looked up;
        in all these cases nothing of the operation itself has been sent.
        """
        if not any(isinstance(value, dict) for value in params.values()) and operation_id != INSERT:
            return dict(params)
        wanted = {one.name: one.schema for one in operation(operation_id).parameters}
        ids = {name: self.id_of(value, wanted.get(name, {})) for name, value in params.items()}
        if operation_id == INSERT and "listId" in ids:
            list_id = ids["listId"]
            self._remembered(("fastpath", str(list_id)), lambda: self._fastpath_list(list_id))
        return ids

    def id_of(self, value: Json, wanted: Json) -> Json:
        """What stands for the name, in the form that the schema `wanted` asks for; what is no name stays as it is."""
        if not isinstance(value, dict):
            return value
        name, by = value["id_of"], value["by"]
        if isinstance(name, int) or name.isdecimal():
            return in_form(name, wanted or {"type": "integer"})
        asked, member = OPERATIONS.get(by), value.get("as", "id")
        if not asked or not asked.names or not getattr(asked.names, member, ""):
            raise NotFound(f"{by} does not look up names; use one that lists things with names, or give the {member}")
        key = (by, member, name, json.dumps(value.get("params", {}), sort_keys=True))
        found = self._remembered(key, lambda: self._named(asked, name, member, value.get("params", {})))
        return in_form(found, wanted)

    def _remembered(self, key: tuple[str, ...], look_up: Callable[[], Json]) -> Json:
        found = self._known.get(key)
        if not found or found.until <= self._now():
            found = self._known[key] = self._found(look_up)
        if found.problem:
            raise NotFound(found.problem)
        return found.id

    def _found(self, look_up: Callable[[], Json]) -> Found:
        try:
            return Found(id=look_up(), until=self._now() + self._ttl)
        except NotFound as problem:
            return Found(problem=str(problem), until=self._now() + UNKNOWN_FOR)
        except Refused as refused:
            raise LookupFailed(refused.operation, refused.answer) from None
        except Unreachable as error:
            # Whatever became of this request: the one that it was for has not been sent.
            error.sent = False
            raise
        except (KeyError, TypeError, ValueError, AttributeError):
            raise Unreachable("look-up", self._client.host, "an answer that cannot be read", sent=False) from None

    def _named(self, asked: Operation, name: str, member: str, params: Mapping[str, Json]) -> Json:
        """All pages, since no document says that a filter is exact."""
        names = asked.names or Names(id="id", name="name")
        called = names.email if names.email and "@" in name else names.name
        filters = {one.name: name for one in asked.parameters if one.filters == called}
        items = {str(item[names.id]): item for item in self._items(asked, {**params, **filters})}
        found = [item for item in items.values() if name in texts(item, called.split("."))]
        one, many = asked.called
        if not found:
            raise NotFound(f'there is no {one} named "{name}" at Alvaria; names are case-sensitive')
        if len(found) > 1:
            raise NotFound(f'{len(found)} {many} are named "{name}" at Alvaria; give the id of the one that is meant')
        target = getattr(names, member)
        schema = asked.schemas.members(asked.item).get(target, {})
        return in_form(found[0][target], asked.schemas.at(schema))

    def _items(self, asked: Operation, params: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
        try:
            yield from self._client.pages(asked.id, params)
        except Refused as refused:
            # Some say so where nothing fits; of the others it is a wrong address.
            if refused.answer.status != 404 or 404 not in asked.answers:
                raise

    def _fastpath_list(self, list_id: Json) -> Json:
        answer = self._client.send("campaign.getList", {"listId": list_id})
        if answer.status == 404:
            raise NotFound(f"there is no list with the id {list_id} at Alvaria")
        if not 200 <= answer.status < 300:
            raise LookupFailed("campaign.getList", answer)
        found = answer.body
        kind = LIST_TYPES.get(found.get("listType", -1), "of an unknown type")
        if kind != FASTPATH:
            raise NotFound(f'list "{found.get("name", list_id)}" is {kind}, not FastPath; name a FastPath list')
        return list_id


def texts(value: Json, path: list[str]) -> list[Json]:
    """What stands at `path`, of each element where there is a list on the way: a name is there in many languages."""
    if isinstance(value, list):
        return [found for element in value for found in texts(element, path)]
    if not path:
        return [value]
    return texts(value[path[0]], path[1:]) if isinstance(value, dict) and path[0] in value else []


def in_form(found: Json, wanted: Json) -> Json:
    """An id as its place takes it: a number or text; without what stands before its dot where no dot may be.

    Campaign API v2.0.0: a work type 5H9GYF.18 is 18 for a callback.
    """
    if wanted.get("type") == "integer":
        return int(found)
    if wanted.get("type") != "string":
        return found
    text, pattern = str(found), wanted.get("pattern", "")
    return text if re.search(pattern, text) else text.rpartition(".")[2]
