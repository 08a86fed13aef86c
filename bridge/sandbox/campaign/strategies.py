"""Strategies and the records in them: Campaign API v2, Strategies.

An update of records is begun by one request and done later: its time of arrival is kept, and whoever asks after it is
over finds it done. So nothing runs in the background, and a restart forgets nothing.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from bridge.sandbox.campaign.list_filters import DYNAMIC, FAST_PATH
from bridge.sandbox.campaign.record_updates import details, outcome
from bridge.sandbox.campaign.store import add, held
from bridge.sandbox.engine import plain, shelves
from bridge.sandbox.members import iso, moment
from bridge.sandbox.messages import Ask, Json, Refusal, Reply
from bridge.sandbox.state import State

COLLECTION = "strategies"
NOT_BUILT, NO_STATUS, UPDATING_RECORDS = 1, 34, 66
UPDATE_S = 5


def get(state: State, ask: Ask) -> Reply:
    return plain.shown(ask, _asked(state, ask))


def statuses(state: State, ask: Ask) -> Reply:
    """The state of the strategy and, of its last update, what became of each field of each record."""
    found = _asked(state, ask)
    last = max(_updates(state, found), key=lambda update: int(update["id"]), default=None)
    lines = [{"statusDescription": line} for line in (last or {}).get("details", ())]
    body = {
        "kind": "via#strategyStatusCollection",
        "id": found["id"],
        "description": found.get("description", ""),
        "lastModifiedTime": _blank_for_t(found.get("lastModifiedTime", "")),
        "status": found.get("status", NO_STATUS),
        "progressStatus": _progress(last, state.now()),
        "detailStatuses": lines,
        "totalItems": len(lines),
    }
    return Reply(body=body)


def _blank_for_t(time: str) -> str:
    """This operation's own form: 2017-01-11 10:33:22."""
    return time[:19].replace("T", " ")


def insert_record(state: State, ask: Ask) -> Reply:
    """201 with one id. The prospect database must have been built, and FastPath lists have their own operation."""
    found = _asked(state, ask)
    if FAST_PATH in _list_types(state, found):
        raise Refusal(400, f"The strategy {_name(found)!r} has FastPath lists: insert their records there")
    if found.get("status") == NOT_BUILT or not found.get("lastBuildTime"):
        raise Refusal(400, f"The strategy {_name(found)!r} has no prospect database yet: build it first")
    new = [
        {item["field"]: item.get("value", "") for item in record.get("items", ()) if item.get("field")}
        for record in ask.json.get("records", ())
    ]
    if len(new) != 1 or not new[0]:
        raise Refusal(400, "records must have exactly one record with at least one field: the answer has one id")
    return Reply(status=201, body={"id": add(state, _part(found, "records"), {"fields": new[0]})})


def update_records(state: State, ask: Ask) -> Reply:
    """202 without a body: begun, not done. Of several updates each is done in its turn."""
    found = _asked(state, ask)
    if DYNAMIC not in _list_types(state, found):
        raise Refusal(400, f"The strategy {_name(found)!r} has no Dynamic list: its records stay as they are")
    if not ask.json.get("records"):
        raise Refusal(400, "records must have at least one record")
    now = iso(state.now())
    add(state, _part(found, "updates"), {"begunTime": now, "records": ask.json["records"], "done": False})
    found |= {"status": UPDATING_RECORDS, "lastModifiedTime": now}
    return Reply(status=202)


def _asked(state: State, ask: Ask) -> Json:
    """The strategy as it is by now."""
    found = shelves.one_of(state, ask, COLLECTION, str(ask.given["strategyId"]))
    for update in _updates(state, found):
        ends_at = moment("begunTime", update["begunTime"]) + timedelta(seconds=UPDATE_S)
        if not update["done"] and ends_at <= state.now():
            _finish(state, found, update, ends_at)
    return found


def _finish(state: State, strategy: Json, update: Json, ends_at: datetime) -> None:
    results = details(held(state, _part(strategy, "records")).values(), update["records"])
    update |= {"done": True, "details": [line for line, _ in results]}
    if all(other["done"] for other in _updates(state, strategy)):
        strategy["status"] = outcome([well for _, well in results])
    strategy["lastModifiedTime"] = iso(ends_at)


def _progress(update: Json | None, now: datetime) -> str:
    if update is None:
        return ""
    if update["done"]:
        return "100%"
    gone = now - moment("begunTime", update["begunTime"])
    return f"{max(0, int(100 * gone.total_seconds() / UPDATE_S))}%"


def _list_types(state: State, strategy: Json) -> set[int | None]:
    return {one.get("listType") for one in held(state, "lists").values() if one.get("strategy") == strategy.get("name")}


def _updates(state: State, strategy: Json) -> Collection[Json]:
    return held(state, _part(strategy, "updates")).values()


def _name(strategy: Json) -> str:
    return str(strategy.get("name", strategy["id"]))


def _part(strategy: Json, name: str) -> str:
    return f"{COLLECTION}/{strategy['id']}/{name}"
