"""Where objects are kept: `state.objects`, by collection and id.

"provisioning.users" has the users; "provisioning.users/7/skills" what belongs to user 7, in its order;
"provisioning.users/workHandlerRules" what each user has one of, by the user's id, and under `*` what all have that have
no other; "provisioning.listVersions" the version of each list that belongs to something.
"""

from bridge.sandbox.members import iso
from bridge.sandbox.messages import Ask, Json, Refusal
from bridge.sandbox.state import State

Object = dict[str, Json]

ANY = "*"
VERSIONS = "listVersions"
FIRST_VERSION = 1


def top(ask: Ask, name: str) -> str:
    return f"{ask.told.api}.{name}"


def belonging(ask: Ask, under: str, owner: str, name: str) -> str:
    return f"{top(ask, under)}/{owner}/{name}"


def shelf(ask: Ask) -> str:
    """The name of the collection that the operation works on."""
    collection = ask.told.collection
    under, name = collection.get("under"), collection["name"]
    if not under:
        return top(ask, name)
    if is_single(ask):
        return f"{top(ask, under)}/{name}"
    return belonging(ask, under, owner_id(ask), name)


def is_single(ask: Ask) -> bool:
    """Its owner has exactly one, whose id is the owner's."""
    collection = ask.told.collection
    return collection["does"] in ("read", "replace", "update") and collection.get("id") == _owner_parameter(ask)


def owner_id(ask: Ask) -> str:
    return str(ask.given[_owner_parameter(ask)])


def _owner_parameter(ask: Ask) -> str:
    """The one in the path's braces behind the collection that has the owners."""
    steps = ask.told.path.split("/")
    return steps[steps.index(ask.told.collection["under"]) + 1].strip("{}")


def owner(state: State, ask: Ask) -> Object:
    return one_of(state, ask, ask.told.collection["under"], owner_id(ask))


def one_of(state: State, ask: Ask, name: str, id_: str) -> Object:
    """The object with that id, or the refusal that the operation documents."""
    found = state.objects.get(top(ask, name), {}).get(id_)
    if found is None:
        raise unknown(ask, name, id_)
    return found


def unknown(ask: Ask, name: str, id_: str) -> Refusal:
    status = 404 if 404 in ask.told.errors else 400
    return Refusal(status, f"There is nothing with the id {id_!r} among {name}")


def members(state: State, ask: Ask) -> list[Object]:
    """All of the operation's collection. What only refers to other objects is laid over them."""
    collection = ask.told.collection
    if "under" in collection:
        owner(state, ask)
    held = state.objects.get(shelf(ask), {})
    if "of" not in collection:
        return list(held.values())
    return referred(state, ask, collection["of"], held)


def referred(state: State, ask: Ask, name: str, held: dict[str, Object]) -> list[Object]:
    """What is gone meanwhile is left out."""
    known = state.objects.get(top(ask, name), {})
    return [{**known[id_], **one} for id_, one in held.items() if id_ in known]


def one(state: State, ask: Ask) -> Object:
    """The object that the operation names."""
    collection, id_ = ask.told.collection, str(ask.given[ask.told.collection["id"]])
    if "under" in collection:
        owner(state, ask)
    held = state.objects.get(shelf(ask), {})
    if "under" in collection and is_single(ask):
        return {**held.get(ANY, {}), **held.get(id_, {}), "id": id_}
    if id_ not in held:
        raise unknown(ask, collection["name"], id_)
    return held[id_]


def put(state: State, ask: Ask, one: Object) -> None:
    state.objects.setdefault(shelf(ask), {})[str(one["id"])] = one


def list_version(state: State, ask: Ask) -> Object:
    """Version and time of a list that belongs to something."""
    return state.objects.get(top(ask, VERSIONS), {}).get(shelf(ask), {"version": FIRST_VERSION})


def replace_list(state: State, ask: Ask, held: dict[str, Object]) -> None:
    """The whole list, in this order."""
    version = list_version(state, ask)["version"] + 1
    state.objects[shelf(ask)] = held
    versions = state.objects.setdefault(top(ask, VERSIONS), {})
    versions[shelf(ask)] = {"id": shelf(ask), "version": version, "lastModifiedTime": iso(state.now())}
