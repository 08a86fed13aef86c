"""What agents may do on a work type. Provisioning API v2, WorkHandlerRules."""

from dataclasses import replace

from bridge.sandbox.engine import plain
from bridge.sandbox.engine.shelves import ANY, Object
from bridge.sandbox.messages import Ask, Reply
from bridge.sandbox.state import State


def rules_of_work_type(state: State, id_: str) -> Object:
    held = state.objects.get("provisioning.workTypes/workHandlerRules", {})
    return {**held.get(ANY, {}), **held.get(id_, {})}


def replace_of_work_type(state: State, ask: Ask) -> Reply:
    """can3WayXfer is written only: it is read back as conferences and blind transfers."""
    sent = {name: value for name, value in ask.json.items() if name != "can3WayXfer"}
    three_way = ask.json["can3WayXfer"]
    return plain.update(state, replace(ask, json={**sent, "canConference": three_way, "canBlindTransfer": three_way}))
