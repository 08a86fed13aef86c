"""The hours in which people may be rung, by the clock where they are: the exclusion types 8 and 9.

They are set up in the vendor's console. The sandbox has none of its own, so that no answer depends on the hour of the
day; a seed may bring some as `campaign.callingTimes`, such as {"id": "1", "from": "08:00", "to": "21:00"}, and for one
customer only with "customer".
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from bridge.sandbox.campaign.store import held
from bridge.sandbox.campaign.time_zones import by_phone
from bridge.sandbox.messages import Json
from bridge.sandbox.state import State

COLLECTION = "callingTimes"
VOICE, CUSTOMER = 8, 9


def closed(state: State, asked: Mapping[str, Json], now: datetime) -> Iterator[tuple[int, datetime]]:
    """Each rule that forbids to ring now: its exclusion type, and when ringing is allowed again."""
    zone = by_phone(asked.get("phoneNumber", ""))
    if zone is None:
        return
    local = now.astimezone(ZoneInfo(zone.olson))
    for kind, rule in sorted(_rules(state, asked), key=lambda found: found[0]):
        opens_at = opening(local, time.fromisoformat(rule["from"]), time.fromisoformat(rule["to"]))
        if opens_at:
            yield kind, opens_at


def _rules(state: State, asked: Mapping[str, Json]) -> Iterator[tuple[int, Json]]:
    for rule in held(state, COLLECTION).values():
        if "customer" not in rule:
            yield VOICE, rule
        elif rule["customer"] == asked.get("customer"):
            yield CUSTOMER, rule


def opening(local: datetime, start: time, end: time) -> datetime | None:
    """The next moment that is allowed; None where it is allowed now."""
    today = local.replace(hour=start.hour, minute=start.minute, second=0, microsecond=0)
    if local < today:
        return today
    return None if local.time() < end else today + timedelta(days=1)
