"""Filters, deleted: Campaign API v3, Filters. All else of them is a plain collection's."""

from bridge.sandbox.campaign.store import held
from bridge.sandbox.engine import plain, shelves
from bridge.sandbox.messages import Ask, Refusal, Reply
from bridge.sandbox.state import State


def delete(state: State, ask: Ask) -> Reply:
    """409 is documented and not explained: here it means that a list uses the filter."""
    name = shelves.one(state, ask)["filterName"]
    users = [one["name"] for one in held(state, "lists").values() if one.get("filterName") == name]
    if users:
        raise Refusal(409, f"Lists use it: {', '.join(users)}")
    return plain.delete(state, ask)
