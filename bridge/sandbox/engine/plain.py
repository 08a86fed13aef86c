"""What plain collections do, as the contracts' `x-collection` says: list, read, create, replace, update, delete."""

from collections.abc import Iterable

from bridge.sandbox.engine import shelves
from bridge.sandbox.engine.narrow import narrowed, text, values
from bridge.sandbox.engine.project import projected, properties
from bridge.sandbox.engine.shelves import FIRST_VERSION, Object
from bridge.sandbox.members import iso
from bridge.sandbox.messages import Ask, Json, Refusal, Reply
from bridge.sandbox.state import State, Work

AUTHOR = "api"
OWN = ("id", "kind", "version", "creationTime")
"""What a request may carry, but never changes."""
HEADERS = {"Access-Control-Allow-Origin": "*"}
"""What stands in the headers that a contract tells of."""


def list_items(state: State, ask: Ask) -> Reply:
    return page(state, ask, found(state, ask))


def found(state: State, ask: Ask) -> list[Object]:
    """The items that the request's filters let through."""
    return narrowed(ask, shelves.members(state, ask))


def page(state: State, ask: Ask, items: list[Object]) -> Reply:
    """As much of the items as the request wants at once; all of them where the operation has no pages."""
    collection, start, end = ask.told.collection, ask.given.get("startIndex", 0), len(items)
    if any(parameter.name == "maxResults" for parameter in ask.told.parameters):
        end = start + min(ask.given.get("maxResults", state.limits.results), state.limits.results)
    shown = items[start:end]
    body = {
        **_around(state, ask),
        "kind": collection["collectionKind"],
        collection["items"]: of_kind(collection.get("kind"), shown),
        "totalItems": len(items),
        "lastIndexReturned": start + len(shown),
    }
    return answered(ask, body)


def _around(state: State, ask: Ask) -> Object:
    """What a list shows beside its items: the owner's name, its own version."""
    if "under" not in ask.told.collection:
        return {}
    return {**shelves.owner(state, ask), **shelves.list_version(state, ask)}


def of_kind(kind: str | None, items: Iterable[Object]) -> list[Object]:
    return [{**item, "kind": kind} if kind else item for item in items]


def answered(ask: Ask, body: Json = None) -> Reply:
    """With the status, the headers and the members that the contract gives a success."""
    status = ask.told.success
    schema, headers = ask.told.answers[status], {name: HEADERS.get(name, "") for name in ask.told.headers[status]}
    return Reply(status=status, body=None if schema is None else projected(schema, body), headers=headers)


def read(state: State, ask: Ask) -> Reply:
    return shown(ask, shelves.one(state, ask))


def shown(ask: Ask, one: Object) -> Reply:
    return answered(ask, *of_kind(ask.told.collection.get("kind"), [one]))


def create(state: State, ask: Ask) -> Reply:
    """The answer is the new object, or a list with its id where the contract has `answerItems`."""
    collection = ask.told.collection
    new = ask.json[collection["bodyItems"]][0] if "bodyItems" in collection else ask.json
    _refuse_taken_name(state, ask, new)
    now = iso(state.now())
    one = {
        "active": True,
        "creationTime": now,
        **_changes(new),
        **_stamp(now),
        "version": FIRST_VERSION,
        "id": new_id(state, ask),
    }
    shelves.put(state, ask, one)
    return answered(ask, {collection["answerItems"]: [one]}) if "answerItems" in collection else shown(ask, one)


def new_id(state: State, ask: Ask) -> Json:
    """Of the type that the answer shows it in."""
    number = state.new_number()
    while str(number) in state.objects.get(shelves.shelf(ask), {}):
        number = state.new_number()
    return number if _shown_type(ask) == "integer" else str(number)


def _shown_type(ask: Ask) -> Json:
    collection = ask.told.collection
    schema = ask.told.answers[ask.told.success] or {}
    if "answerItems" in collection:
        schema = schema["properties"][collection["answerItems"]]["items"]
    return schema.get("properties", {}).get(collection["id"], {}).get("type")


def replace(state: State, ask: Ask) -> Reply:
    """Members that the request could have sent and did not are gone; those it cannot send stay."""
    one = _current(state, ask)
    _refuse_taken_name(state, ask, ask.json, but=one)
    replaced = dict(properties(ask.told.body))
    kept = {name: value for name, value in one.items() if name in OWN or name not in replaced}
    return _put(state, ask, {"active": True, **kept, **_changes(ask.json)})


def update(state: State, ask: Ask) -> Reply:
    one = _current(state, ask)
    _refuse_taken_name(state, ask, ask.json, but=one)
    return _put(state, ask, {**one, **_changes(ask.json)})


def _changes(sent: Object) -> Object:
    return {name: value for name, value in sent.items() if name not in OWN}


def _current(state: State, ask: Ask) -> Object:
    """The object as it is, if the request knows it so."""
    one = shelves.one(state, ask)
    refuse_stale(ask, one)
    return one


def refuse_stale(ask: Ask, one: Object) -> None:
    sent = ask.json.get(ask.told.version) if ask.told.version else None
    if sent is not None and sent != one.get("version", sent):
        raise Refusal(409, f"The version is {one['version']} by now, not {sent}: read it again, then repeat")


def _put(state: State, ask: Ask, one: Object) -> Reply:
    changed = {**one, **_stamp(iso(state.now())), "version": one.get("version", 0) + 1}
    shelves.put(state, ask, changed)
    return shown(ask, changed)


def _stamp(now: str) -> Object:
    return {"lastModifiedTime": now, "lastModifiedBy": AUTHOR}


def _refuse_taken_name(state: State, ask: Ask, new: Object, but: Object | None = None) -> None:
    """Where a conflict is documented, no two objects have the same name."""
    path = ask.told.item_name
    if 409 not in ask.told.errors or path is None:
        return
    others = [one for one in state.objects.get(shelves.shelf(ask), {}).values() if one is not but]
    taken = {text(name) for one in others for name in values(one, path)}
    for name in values(new, path):
        if text(name) in taken:
            raise Refusal(409, f"The name {text(name)!r} is taken")


def delete(state: State, ask: Ask) -> Reply:
    one = shelves.one(state, ask)
    del state.objects[shelves.shelf(ask)][str(one["id"])]
    return answered(ask)


def replace_list(state: State, ask: Ask) -> Reply:
    """What is sent becomes the whole list, in its order."""
    collection = ask.told.collection
    shelves.owner(state, ask)
    refuse_stale(ask, shelves.list_version(state, ask))
    sent = ask.json[collection["items"]]
    _refuse_strangers(state, ask, sent)
    shelves.replace_list(state, ask, {one["id"]: one for one in sent})
    return list_items(state, ask)


def _refuse_strangers(state: State, ask: Ask, sent: list[Object]) -> None:
    items, of = ask.told.collection["items"], ask.told.collection["of"]
    known = state.objects.get(shelves.top(ask, of), {})
    mistakes = []
    for place, one in enumerate(sent):
        if "id" not in one:
            mistakes.append(f"{items}[{place}]: id is missing")
        elif one["id"] not in known:
            mistakes.append(f"{items}[{place}].id: there is nothing with the id {one['id']!r} among {of}")
    if mistakes:
        raise Refusal(400, *mistakes)


def not_done(state: State, ask: Ask) -> Reply:
    raise Refusal(501, "The sandbox knows this operation, but does not do its work")


DOES: dict[str, Work] = {
    "list": list_items,
    "read": read,
    "create": create,
    "replace": replace,
    "update": update,
    "delete": delete,
}


def work_of(does: str, replaces: bool) -> Work:
    return replace_list if replaces else DOES.get(does, not_done)
