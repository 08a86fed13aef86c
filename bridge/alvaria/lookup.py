"""Names to ids: what a mapping calls by its name, as the API must be asked for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge import clock
from bridge.alvaria.client import Client
from bridge.errors import LookupFailed, NotFound, Unreachable
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

    id: int = 0
    problem: str = ""
    until: datetime


class Lookups:
    """Remembers for `ttl_s` what it found. Shared by threads: the worst is that two look up the same."""

    def __init__(self, client: Client, ttl_s: float = 300, now: Callable[[], datetime] = clock.now) -> None:
        self._client = client
        self._ttl = timedelta(seconds=ttl_s)
        self._now = now
        self._known: dict[tuple[str, Json], Found] = {}

    def resolve(self, params: Mapping[str, Json], operation_id: str = INSERT) -> dict[str, Json]:
        """`params` with ids in place of names, for `operation_id`; an insert's list must be a FastPath list.

        NotFound says what is wrong with a name. LookupFailed and Unreachable say that it could not be looked up;
        in all these cases nothing of the operation itself has been sent.
        """
        ids = {name: self._id(value) for name, value in params.items()}
        if operation_id == INSERT and "listId" in ids:
            list_id = ids["listId"]
            self._remembered(("fastpath", list_id), lambda: self._fastpath_list(list_id))
        return ids

    def _id(self, value: Json) -> Json:
        if not isinstance(value, dict):
            return value
        name, by = value["id_of"], value["by"]
        if isinstance(name, int) or name.isdecimal():
            return int(name)
        if by != "campaign.listLists":
            raise NotFound(f"{by} does not look up names; use campaign.listLists, or give the id")
        return self._remembered(("name", name), lambda: self._list_named(name))

    def _remembered(self, key: tuple[str, Json], look_up: Callable[[], int]) -> int:
        found = self._known.get(key)
        if not found or found.until <= self._now():
            found = self._known[key] = self._found(look_up)
        if found.problem:
            raise NotFound(found.problem)
        return found.id

    def _found(self, look_up: Callable[[], int]) -> Found:
        try:
            return Found(id=look_up(), until=self._now() + self._ttl)
        except NotFound as problem:
            return Found(problem=str(problem), until=self._now() + UNKNOWN_FOR)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise Unreachable("look-up", self._client.host, "an answer that cannot be read", sent=False) from None

    def _list_named(self, name: str) -> int:
        ids = [item["id"] for item in self._lists(name) if item.get("name") == name]
        if not ids:
            raise NotFound(f'there is no list named "{name}" at Alvaria; names are case-sensitive')
        if len(ids) > 1:
            raise NotFound(f'{len(ids)} lists are named "{name}" at Alvaria; give the id of the one that is meant')
        return int(ids[0])

    def _lists(self, name: str) -> list[dict[str, Json]]:
        """All pages, since the document does not say that the filter is exact."""
        lists: dict[Json, dict[str, Json]] = {}
        while True:
            answer = self._ask("campaign.listLists", {"name": name, "startIndex": len(lists) or None})
            page = {item["id"]: item for item in answer.get("contactLists") or [] if item["id"] not in lists}
            lists.update(page)
            if not page or len(lists) >= int(answer.get("totalItems") or 0):
                return list(lists.values())

    def _fastpath_list(self, list_id: int) -> int:
        found = self._ask("campaign.getList", {"listId": list_id})
        kind = LIST_TYPES.get(found.get("listType", -1), "of an unknown type")
        if kind != FASTPATH:
            raise NotFound(f'list "{found.get("name", list_id)}" is {kind}, not FastPath; name a FastPath list')
        return list_id

    def _ask(self, operation_id: str, params: Mapping[str, Json]) -> dict[str, Json]:
        try:
            answer = self._client.send(operation_id, params)
        except Unreachable as error:
            # Whatever became of this request: the one that it was for has not been sent.
            error.sent = False
            raise
        if answer.status == 404 and "listId" in params:
            raise NotFound(f"there is no list with the id {params['listId']} at Alvaria")
        if not 200 <= answer.status < 300:
            raise LookupFailed(operation_id, answer)
        if not isinstance(answer.body, dict):
            raise TypeError("the API's answers to look-ups are objects")
        return answer.body
