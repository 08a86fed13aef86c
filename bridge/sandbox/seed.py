"""Whole collections of plain objects, in and out: what a seed brings, and what the data file keeps."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.sandbox import objects
from bridge.sandbox.members import Check, Member, each, object_of, read
from bridge.sandbox.messages import Json
from bridge.sandbox.state import State


@dataclass(frozen=True, kw_only=True)
class Collection:
    check: Check
    add: Callable[[State, Mapping[str, Any]], object]
    held: Callable[[State], Iterable[Any]]
    shown: Callable[[Any], Json]


COLLECTIONS = {
    "settings": Collection(
        check=object_of(objects.SETTING),
        add=objects.add_setting,
        held=State.all_settings,
        shown=objects.setting_object,
    ),
    "lists": Collection(
        check=objects.list_check,
        add=objects.add_list,
        held=lambda state: state.lists.values(),
        shown=objects.list_object,
    ),
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
SEED = {name: Member(check=each(collection.check), default=()) for name, collection in COLLECTIONS.items()}


def sow(state: State, seed: Json) -> dict[str, int]:
    """Add every object of every collection, or none where one is wrong; how many came of each."""
    found = read(seed, SEED)
    for name, members in found.items():
        for one in members:
            COLLECTIONS[name].add(state, one)
    return {name: len(members) for name, members in found.items() if members}


def dump(state: State) -> dict[str, Json]:
    """All that a later `sow` needs to bring the same about."""
    return {name: [collection.shown(one) for one in collection.held(state)] for name, collection in COLLECTIONS.items()}
