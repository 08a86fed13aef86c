"""A collection, page by page, until nothing new comes: whatever a server makes of startIndex and totalItems."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.alvaria.operations import Operation
from bridge.errors import BadRequest, Refused, Unreachable
from bridge.model import Answer, Json

Send = Callable[..., Answer]


@dataclass(frozen=True, kw_only=True)
class Page:
    """A part of a collection."""

    items: list[Json]
    total: int | None
    """Of the whole collection; None where the API does not say."""


def walk(send: Send, host: str, asked: Operation, params: Mapping[str, Json]) -> Iterator[Json]:
    """Each item once. What comes in or goes away meanwhile may be missing, what stays the whole time is not."""
    if not asked.items:
        raise BadRequest(f"{asked.id}: its answer is no collection; use it without pages")
    page = _ask(send, host, asked, params, checked=False)
    if not asked.is_paged:
        yield from page.items
        return
    first = start = int(params.get("startIndex") or 0)
    known: set[str] = set()
    least, read_to = page.total, 0
    while True:
        fresh = {key: item for item in page.items if (key := _key(asked, item)) not in known}
        yield from fresh.values()
        known.update(fresh)
        gone = (least or 0) - (page.total or 0) if page.total is not None else 0
        if gone > 0:
            # As many have moved up over our place, unseen. Each such step needs a smaller total, so there is an end.
            read_to = max(read_to, start + len(page.items))
            start, least = max(first, start - gone), page.total
        elif page.items and (fresh or start < read_to):
            start += len(page.items)
        else:
            # Also the end of a server that knows no startIndex and gives the same page for ever.
            return
        if page.total is not None and start >= page.total:
            return
        page = _ask(send, host, asked, {**params, "startIndex": start}, checked=True)


def _ask(send: Send, host: str, asked: Operation, params: Mapping[str, Json], *, checked: bool) -> Page:
    answer = send(asked.id, params, checked=checked)
    if not 200 <= answer.status < 300:
        raise Refused(asked.id, answer)
    try:
        return _page(asked, answer.body or {})
    except (TypeError, ValueError, AttributeError):
        raise Unreachable(asked.id, host, "an answer that cannot be read", sent=True) from None


def _page(asked: Operation, body: Any) -> Page:
    items, total = body.get(asked.items) or [], body.get("totalItems")
    if not isinstance(items, list):
        raise TypeError("a collection is a list")
    # Text in the documents' examples, an integer in their schemas.
    return Page(items=items, total=None if total is None else int(total))


def _key(asked: Operation, item: Json) -> str:
    """By what an item is known again: its id, or all of it where it has none."""
    return json.dumps(item.get(asked.item_id, item) if isinstance(item, dict) else item, sort_keys=True)
