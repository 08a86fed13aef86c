"""E-mail templates and signatures, where they hang together. Provisioning API v2."""

from bridge.sandbox.engine import plain, shelves
from bridge.sandbox.engine.shelves import Object
from bridge.sandbox.messages import Ask, Refusal, Reply
from bridge.sandbox.state import State


def add_to_work_type(state: State, ask: Ask) -> Reply:
    """At the end of the list."""
    held = _of_work_type(state, ask)
    template = shelves.one_of(state, ask, "emailTemplates", ask.given["emailTemplateId"])
    if template["id"] in held:
        raise Refusal(409, f"The work type has the template {template['id']!r} already")
    shelves.replace_list(state, ask, {**held, template["id"]: {"id": template["id"]}})
    return plain.list_items(state, ask)


def remove_from_work_type(state: State, ask: Ask) -> Reply:
    held, id_ = _of_work_type(state, ask), ask.given["emailTemplateId"]
    if id_ not in held:
        raise shelves.unknown(ask, "the work type's emailTemplates", id_)
    shelves.replace_list(state, ask, {name: one for name, one in held.items() if name != id_})
    return plain.answered(ask)


def _of_work_type(state: State, ask: Ask) -> dict[str, Object]:
    shelves.owner(state, ask)
    return state.objects.get(shelves.shelf(ask), {})


def create(state: State, ask: Ask) -> Reply:
    _refuse_unknown_signature(state, ask)
    return plain.create(state, ask)


def update(state: State, ask: Ask) -> Reply:
    _refuse_unknown_signature(state, ask)
    return plain.update(state, ask)


def _refuse_unknown_signature(state: State, ask: Ask) -> None:
    if ask.json.get("signatureId"):
        shelves.one_of(state, ask, "signatures", ask.json["signatureId"])


def delete_signature(state: State, ask: Ask) -> Reply:
    """Presumably what its 409 means: a template still uses it."""
    one = shelves.one(state, ask)
    users = [
        it["id"] for it in state.objects["provisioning.emailTemplates"].values() if it.get("signatureId") == one["id"]
    ]
    if users:
        raise Refusal(409, f"The e-mail templates {', '.join(users)} use it")
    return plain.delete(state, ask)
