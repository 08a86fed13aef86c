"""Numbers outside that agents may dial. Provisioning API v2, SystemExternals: what breaks a rule is 422."""

from bridge.sandbox.engine import plain, shelves
from bridge.sandbox.engine.shelves import Object
from bridge.sandbox.messages import Ask, Refusal, Reply
from bridge.sandbox.state import State

USERS = "usedBy"
"""The work types that use one; no answer shows it."""


def create(state: State, ask: Ask) -> Reply:
    _refuse_empty(ask)
    return plain.create(state, ask)


def replace(state: State, ask: Ask) -> Reply:
    _refuse_change(state, ask)
    return plain.replace(state, ask)


def update(state: State, ask: Ask) -> Reply:
    _refuse_change(state, ask)
    return plain.update(state, ask)


def delete(state: State, ask: Ask) -> Reply:
    one = shelves.one(state, ask)
    if used_by := _users(one):
        raise Refusal(422, f"It is used by {used_by}, so it stays")
    return plain.delete(state, ask)


def _refuse_change(state: State, ask: Ask) -> None:
    one = shelves.one(state, ask)
    plain.refuse_stale(ask, one)
    _refuse_empty(ask)
    if ask.json.get("active") is False and (used_by := _users(one)):
        raise Refusal(422, f"It is used by {used_by}, so it stays active")


def _refuse_empty(ask: Ask) -> None:
    mistakes = [
        f"{name} must not be empty"
        for name in ("friendlyName", "systemExternal")
        if ask.json.get(name, True) in ([], "")
    ]
    if mistakes:
        raise Refusal(422, *mistakes)


def _users(one: Object) -> str:
    return ", ".join(one.get(USERS, ()))
