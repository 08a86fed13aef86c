"""Whole collections of plain objects, in and out: what a seed brings, and what the data file keeps."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.sandbox import campaign, objects
from bridge.sandbox.members import Check, Member, each, object_of, read
from bridge.sandbox.messages import Json
from bridge.sandbox.operations import CONTRACTS
from bridge.sandbox.state import State


@dataclass(frozen=True, kw_only=True)
class Collection:
    check: Check
    add: Callable[[State, Mapping[str, Any]], object]
    held: Callable[[State], Iterable[Any]] | None = None
    """None where `state.objects` has it."""
    shown: Callable[[Any], Json] | None = None


COLLECTIONS = {
    "settings": Collection(
        check=object_of(objects.SETTING),
        add=objects.add_setting,
        held=State.all_settings,
        shown=objects.setting_object,
    ),
    "lists": Collection(check=objects.list_check, add=objects.add_list),
    "dialogs": Collection(
        check=object_of(objects.DIALOG),
        add=objects.add_dialog,
        held=lambda state: state.dialogs.values(),
        shown=objects.dialog_object,
    ),
    "fastPathRecords": Collection(
        check=object_of(objects.RECORD),
        add=objects.add_record,
        held=lambda state: state.records,
        shown=objects.record_object,
    ),
}


def an_object(name: str, value: Json) -> dict[str, Json]:
    """Of a collection of the contracts: all that it must have is an id."""
    if not isinstance(value, dict) or isinstance(value.get("id"), bool) or not isinstance(value.get("id"), str | int):
        raise ValueError(f"{name} must be an object with an id")
    return value


def collections() -> Iterable[str]:
    """Those of the contracts; of what belongs to something "provisioning.users/skills", say."""
    yield from campaign.COLLECTIONS
    for contract in CONTRACTS:
        for told in (operation.collection for operation in contract.operations if operation.collection):
            names = [told["under"], told["name"]] if "under" in told else [told["name"]]
            yield f"{contract.api}.{'/'.join(names)}"


OWNED = re.compile("/[^/]+/")
KNOWN = {
    **{name: Member(check=each(collection.check), default=()) for name, collection in COLLECTIONS.items()},
    **{name: Member(check=each(an_object), default=()) for name in collections()},
}


def sow(state: State, seed: Json) -> dict[str, int]:
    """Add every object of every collection, or none where one is wrong; how many came of each."""
    found = read(seed, {**KNOWN, **owned(seed)})
    for name, members in found.items():
        for one in members:
            _add(state, name, one)
    return {name: len(members) for name, members in found.items() if members}


def owned(seed: Json) -> dict[str, Member]:
    """The collections that belong to something which the seed names, such as provisioning.users/7/skills."""
    names = seed if isinstance(seed, dict) else ()
    return {name: KNOWN[plain] for name in names if (plain := OWNED.sub("/", name)) in KNOWN}


def _add(state: State, name: str, one: Mapping[str, Any]) -> None:
    if name in COLLECTIONS:
        COLLECTIONS[name].add(state, one)
    else:
        state.objects.setdefault(name, {})[str(one["id"])] = dict(one)


def dump(state: State) -> dict[str, Json]:
    """All that a later `sow` needs to bring the same about, but for `state.objects`."""
    return {
        name: [collection.shown(one) for one in collection.held(state)]
        for name, collection in COLLECTIONS.items()
        if collection.held and collection.shown
    }
