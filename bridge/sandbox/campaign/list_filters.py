"""The filter of a list, changed: Campaign API v2, Lists."""

from bridge.sandbox.engine import plain, shelves
from bridge.sandbox.messages import Ask, Refusal, Reply
from bridge.sandbox.state import State

DYNAMIC, FAST_PATH, ACTIVE_SORT = 1, 2, 3


def update(state: State, ask: Ask) -> Reply:
    """200 without a body. Only lists whose filter is asked again while they are at work can get another."""
    found = shelves.one(state, ask)
    if found.get("listType") not in (DYNAMIC, ACTIVE_SORT):
        raise Refusal(
            400,
            f"The filter of {found.get('name', found['id'])!r} stays: only Dynamic and ActiveSort lists get another",
        )
    return plain.update(state, ask)
