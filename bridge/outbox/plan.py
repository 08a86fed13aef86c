"""Which of several changes of a cookie goes out: the newest. Pure.

A change is newer by its stamp, and of two with the same stamp the one of the later delivery is.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from bridge.model import CookieName, Delivery, DeliveryState, Json

UPSERT = "contextCookies.upsertSettings"
DELETE = "contextCookies.deleteSettings"
COOKIES = frozenset({UPSERT, DELETE})
"""The operations whose order is told cookie by cookie."""


class WriteState(StrEnum):
    """How it stands with what a delivery does to one cookie."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    DELIVERED = "delivered"
    SUPERSEDED = "superseded"
    UNCHANGED = "unchanged"
    DEAD = "dead"
    DISCARDED = "discarded"
    ERASED = "erased"


@dataclass(frozen=True, kw_only=True)
class Line:
    """What the ledger knows of a cookie, as far as it decides what goes out."""

    asked_stamp: str = ""
    asked_by: int = 0
    """The newest change that anybody has asked for and that has not failed."""
    stamp: str = ""
    written_by: int = 0
    """The newest change that Alvaria has accepted."""
    content_sha256: str | None = None
    """None where Alvaria has no value, as far as we know."""
    expires_at: datetime | None = None
    is_out: bool = False
    is_unsettled: bool = False


@dataclass(frozen=True, kw_only=True)
class Write:
    """What a delivery does to one cookie."""

    delivery_id: int
    place: int
    name: CookieName
    stamp: str
    state: WriteState
    member: Mapping[str, Json] | None
    """The setting as the API takes it; None where the cookie is deleted."""
    line: Line

    @cached_property
    def expires_at(self) -> datetime | None:
        return datetime.fromisoformat(self.member["expiresOnTime"]) if self.member else None


def writes_of(delivery: Delivery) -> Iterator[tuple[CookieName, Mapping[str, Json] | None]]:
    """The cookies that it writes (with the setting) or deletes (with None), in their order."""
    if delivery.operation == UPSERT:
        for member in delivery.body["settings"]:
            yield name_of(member), member
    elif delivery.operation == DELETE:
        asked = delivery.params
        for key in asked["key"].split(","):
            yield (
                CookieName(customer=asked["customer"], key=key, channel=asked["channel"], service=asked["service"]),
                None,
            )


def stamped(delivery: Delivery) -> Iterator[tuple[CookieName, str]]:
    """The cookies in their order, each with the stamp of its change."""
    for place, (name, _) in enumerate(writes_of(delivery)):
        yield name, delivery.stamps[place] if delivery.stamps else delivery.stamp


def name_of(member: Mapping[str, str]) -> CookieName:
    return CookieName(
        customer=member["customerId"], key=member["key"], channel=member["channel"], service=member["service"]
    )


class Fate(StrEnum):
    GOES = "goes"
    WAITS = "waits"
    SUPERSEDED = "superseded"
    UNCHANGED = "unchanged"
    RUN_OUT = "run out"
    LIVED = "lived"
    """Alvaria had it to its end; it was only to be sent once more."""


def fate(write: Write, now: datetime) -> Fate:
    """What becomes of one write at this moment."""
    line, own = write.line, (write.stamp, write.delivery_id)
    if own < (line.asked_stamp, line.asked_by) or own < (line.stamp, line.written_by):
        return Fate.SUPERSEDED
    if line.is_out:
        return Fate.WAITS
    if write.expires_at and write.expires_at <= now:
        return Fate.LIVED if own == (line.stamp, line.written_by) else Fate.RUN_OUT
    return Fate.UNCHANGED if is_there(write, now) else Fate.GOES


def is_there(write: Write, now: datetime) -> bool:
    """Alvaria has this value for certain, and for more than half of the time that it should live."""
    line, ends_at = write.line, write.expires_at
    if not write.member or not ends_at or not line.expires_at or line.is_unsettled:
        return False
    if line.content_sha256 != sha256(write.member["content"]) or not now < line.expires_at <= ends_at:
        return False
    return (line.expires_at - now) * 2 > ends_at - now


def sha256(content: str) -> str:
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Item:
    """A delivery on its way, cut down to what is still current of it."""

    delivery: Delivery
    writes: tuple[Write, ...] = ()
    """Empty for what is no cookie's."""

    @property
    def members(self) -> list[Mapping[str, Json]]:
        return [write.member for write in self.writes if write.member]

    @property
    def keys(self) -> list[str]:
        return [write.name.key for write in self.writes]


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A delivery before it is sent: what is still current of it, and what needs no request any more."""

    item: Item
    settled: tuple[tuple[Write, WriteState], ...]
    waits: bool = False
    """One of its cookies is out with another delivery."""
    end: tuple[DeliveryState, str] | None = None
    """It is finished without a request, for this reason."""


_SETTLED = {
    Fate.SUPERSEDED: WriteState.SUPERSEDED,
    Fate.UNCHANGED: WriteState.UNCHANGED,
    Fate.LIVED: WriteState.DELIVERED,
}
_CURRENT = frozenset({Fate.GOES, Fate.WAITS})


def judge(delivery: Delivery, writes: Sequence[Write], now: datetime) -> Judged:
    """All writes of a delivery are given, those that are over as well."""
    fates = [(write, fate(write, now)) for write in writes if write.state is WriteState.WAITING]
    settled = [(write, _SETTLED[one]) for write, one in fates if one in _SETTLED]
    current = [write for write, one in fates if one in _CURRENT]
    late = [write for write, one in fates if one is Fate.RUN_OUT]
    has_arrived = _is_any(writes, WriteState.DELIVERED) or any(one is Fate.LIVED for _, one in fates)
    if late and not has_arrived:
        dead = [(write, WriteState.DEAD) for write in (*late, *current)]
        end = (DeliveryState.DEAD, "a setting in it ran out before it could be sent")
        return Judged(item=Item(delivery=delivery), settled=(*settled, *dead), end=end)
    settled += [(write, WriteState.DEAD) for write in late]
    after = [replace(write, state=state) for write, state in settled]
    return Judged(
        item=Item(delivery=delivery, writes=tuple(current)),
        settled=tuple(settled),
        waits=any(one is Fate.WAITS for _, one in fates),
        end=None if current else _end([*writes, *after]),
    )


def _is_any(writes: Iterable[Write], state: WriteState) -> bool:
    return any(write.state is state for write in writes)


def _end(writes: Sequence[Write]) -> tuple[DeliveryState, str]:
    """What a delivery is called of which nothing is left to send."""
    if _is_any(writes, WriteState.DELIVERED):
        return DeliveryState.DELIVERED, ""
    if _is_any(writes, WriteState.UNCHANGED):
        return DeliveryState.UNCHANGED, "Alvaria has these values already"
    return DeliveryState.SUPERSEDED, "newer changes have taken its place"


@dataclass(frozen=True, kw_only=True)
class Room:
    """What one request may carry."""

    settings: int
    bytes: int

    def without(self, item: Item) -> "Room | None":
        """What is left beside it; None where it does not fit."""
        left = Room(settings=self.settings - len(item.writes), bytes=self.bytes - size(item))
        return left if left.settings >= 0 and left.bytes >= 0 else None


def size(item: Item) -> int:
    """In bytes, as JSON."""
    return sum(len(_encode(member)) + 1 for member in item.members)


_encode = json.JSONEncoder(separators=(",", ":")).encode
"""Made once: json.dumps would make an encoder each time."""


def batch(judged: Iterable[Judged], *, room: Room, suspects: Collection[int] = ()) -> tuple[Item, ...]:
    """The deliveries that share the next request, from the first that can go; never less than one if one can.

    `suspects` do not travel with the others, and no cookie is in a request twice.
    """
    chosen: list[Item] = []
    taken: set[CookieName] = set()
    for one in judged:
        item, names = one.item, {write.name for write in one.item.writes}
        if one.waits or one.end or names & taken or (chosen and not _travel_together(chosen[0], item, suspects)):
            continue
        left = room.without(item)
        if left is None and chosen:
            break
        chosen.append(item)
        taken |= names
        room = left or Room(settings=0, bytes=0)
    return tuple(chosen)


def _travel_together(first: Item, other: Item, suspects: Collection[int]) -> bool:
    return (first.delivery.id in suspects) == (other.delivery.id in suspects)
