"""What the nouns of Campaign ask of the store beside what the engine does for every collection."""

import re
from datetime import UTC, datetime

from bridge.sandbox.messages import Json
from bridge.sandbox.state import State

NOT_DIGITS = re.compile("[^0-9]")


def held(state: State, collection: str) -> dict[str, Json]:
    """All objects of a collection by their ids; one that nobody has used yet is empty."""
    return state.objects.setdefault(f"campaign.{collection}", {})


def add(state: State, collection: str, new: Json) -> int:
    """Its id, a new one."""
    id_ = state.new_number()
    held(state, collection)[str(id_)] = {"id": id_, **new}
    return id_


def seconds_iso(moment: datetime) -> str:
    """Campaign API v3, filters and jobs: no fraction."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def digits(number: str) -> str:
    """A phone number is the same however it is grouped."""
    return NOT_DIGITS.sub("", number)


def label(value: Json) -> str:
    """A name that is a text, or one text for each locale."""
    return str(value[0]["value"] if isinstance(value, list) and value else value)
