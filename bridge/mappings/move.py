"""A record with other customers than before -> its cookies are deleted under the old ids and written under the new.

The values are the last that the bridge has written, or is about to write. What has run out is not written again.
"""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Map
from dataclasses import dataclass, replace
from datetime import datetime

from bridge.alvaria.cookies import Setting, mistakes, upsert_body
from bridge.alvaria.limits import Limits
from bridge.alvaria.operations import operation
from bridge.mappings import group
from bridge.mappings.case import Request
from bridge.mappings.newest import changed_at
from bridge.mappings.rules import Mapping, OnCustomerChange
from bridge.model import CookieName, Delivery, Event, Outcome, OutcomeKind, Record

RULE = "on_customer_change"
"""What outcomes and deliveries are called that no rule of the mapping has asked for."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A cookie under an id that is the record's no more."""

    name: CookieName
    stamp: str
    """The newest change of it."""
    value: Setting | None
    """None: it is being deleted, or nobody knows the value any more."""


@dataclass(frozen=True, kw_only=True)
class Move:
    """Where each old id has gone (None: nowhere), what was written there, and what the new ids have, by its change."""

    mapping: Mapping
    event: Event
    ids: Map[str, str | None]
    kept: Sequence[Kept]
    there: Map[CookieName, str]
    now: datetime
    limits: Limits


def replaced(before: Iterable[Record], after: Record) -> dict[str, str | None]:
    """The ids that the record had and has no more, each with the one that has taken its place."""
    return {
        old: after.ids[place][0] if place in after.ids else None
        for record in before
        for place, (old, _) in record.ids.items()
        if old is not None and old not in after.customers
    }


def outcome(move: Move) -> Outcome | None:
    """None where nothing was written under the old ids."""
    if not move.kept:
        return None
    requests = [*_writes(_settings(move), move.limits), *group.deletions((one.name, one.stamp) for one in move.kept)]
    return Outcome(
        rule=RULE,
        kind=OutcomeKind.TRANSLATED,
        reason="the record has other customers than before",
        deliveries=tuple(_delivery(move, item, request) for item, request in enumerate(requests)),
    )


def _settings(move: Move) -> list[tuple[Kept, Setting]]:
    """The newest of each, but for those that the new id has a newer one of."""
    newest: dict[CookieName, tuple[Kept, Setting]] = {}
    if move.mapping.on_customer_change is OnCustomerChange.FORGET:
        return []
    for one in sorted(move.kept, key=lambda kept: kept.stamp):
        new = move.ids[one.name.customer]
        if one.value is None or new is None:
            continue
        setting = replace(one.value, customer=new)
        is_newer_there = move.there.get(setting.name, "") > one.stamp
        if not is_newer_there and not mistakes(setting, move.limits, now=move.now, prefix=""):
            newest[setting.name] = (one, setting)
    return list(newest.values())


def _writes(moved: list[tuple[Kept, Setting]], limits: Limits) -> Iterator[Request]:
    """A value keeps the stamp of its change: what is newer must win over it as it would have before."""
    by_customer: dict[str, list[tuple[Kept, Setting]]] = {}
    for one, setting in moved:
        by_customer.setdefault(setting.customer, []).append((one, setting))
    for customer, several in by_customer.items():
        for start in range(0, len(several), limits.max_settings):
            part = several[start : start + limits.max_settings]
            yield Request(
                operation=group.UPSERT,
                body=upsert_body([setting for _, setting in part]),
                customers=(customer,),
                expires_at=min(setting.expires_at for _, setting in part),
                stamps=tuple(one.stamp for one, _ in part),
            )


def _delivery(move: Move, item: int, request: Request) -> Delivery:
    return Delivery(
        event_id=move.event.id,
        rule=RULE,
        item=item,
        mapping_version=move.mapping.version,
        operation=request.operation,
        params=request.params,
        body=request.body,
        customers=request.customers,
        order_key=request.order_key,
        repeatable=operation(request.operation).repeatable,
        changed_at=changed_at(move.event),
        stamps=request.stamps,
        expires_at=request.expires_at,
    )
