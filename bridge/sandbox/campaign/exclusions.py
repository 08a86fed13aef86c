"""Exclusions, written: Campaign API v2, Exclusions. Reading and deleting are a plain collection's."""

from dataclasses import replace as changed
from datetime import datetime

from bridge.sandbox.campaign.store import held
from bridge.sandbox.engine import plain, shelves
from bridge.sandbox.members import iso, moment
from bridge.sandbox.messages import Ask, Json, Refusal, Reply
from bridge.sandbox.state import State

COLLECTION = "exclusions"
ENDS = 1


def create(state: State, ask: Ask) -> Reply:
    """One a request, as the contract says. 409 is documented and not explained: here it means excluded already."""
    new = written(ask.json["accountControlItems"][0], iso(state.now()))
    _refuse_twin(state, new, None)
    return plain.create(state, changed(ask, json={"accountControlItems": [new]}))


def replace(state: State, ask: Ask) -> Reply:
    """200 without a body."""
    plain.refuse_stale(ask, shelves.one(state, ask))
    new = {**written(ask.json, iso(state.now())), "version": ask.json["version"]}
    _refuse_twin(state, new, str(ask.given["exclusionId"]))
    return plain.replace(state, changed(ask, json=new))


def written(posted: Json, now: str) -> dict[str, Json]:
    """As it is kept. One without an end has no endTime: the 0 that stands for it in requests is no date-time."""
    if not posted.get("contactAddress"):
        raise Refusal(400, "contactAddress is missing: there is nothing to exclude")
    kept = {
        "contactType": posted.get("contactType", 0),
        "contactAddress": posted["contactAddress"],
        "contactListName": posted.get("contactListName", ""),
        "reason": posted.get("reason", ""),
        "startTime": iso(moment("startTime", posted.get("startTime", now))),
        "endPattern": posted.get("endPattern", 0),
    }
    if kept["endPattern"] != ENDS:
        return kept
    return {**kept, "endTime": iso(moment("endTime", posted["endTime"]))}


def has_ended(exclusion: Json, now: datetime) -> bool:
    return exclusion.get("endPattern") == ENDS and moment("endTime", exclusion["endTime"]) <= now


def _refuse_twin(state: State, new: Json, own_id: str | None) -> None:
    for id_, other in held(state, COLLECTION).items():
        if id_ != own_id and _name(other) == _name(new) and not has_ended(other, state.now()):
            raise Refusal(409, f"Exclusion {id_} excludes this address already")


def _name(exclusion: Json) -> tuple[Json, ...]:
    return tuple(exclusion.get(name) for name in ("contactType", "contactAddress", "contactListName"))
