"""Names that an import would bring a second time, and how they are settled: Campaign API v3, Jobs."""

from collections.abc import Collection

from bridge.sandbox.campaign.configuration import KINDS, names
from bridge.sandbox.messages import Json, Refusal
from bridge.sandbox.state import State

SETTLED_BEFOREHAND = ("salt", "updateAll", "ignoreErrors")
"""Members of an import that say what to do with a name that exists already."""


def met(state: State, posted: Json) -> list[Json]:
    """The imported names that exist already, each with its kind."""
    if any(posted.get(name) for name in SETTLED_BEFOREHAND):
        return []
    wanted = {(one["objectType"], name) for one in posted["objectsToImport"] for name in one["objectNames"]}
    return [
        {"group": kind.group, "name": name}
        for kind in KINDS
        for name in names(state, kind)
        if (kind.object_type, name) in wanted
    ]


def left(state: State, conflicts: Collection[Json], posted: Json) -> list[Json]:
    """The conflicts that a request leaves open. A flag for all goes before the names one by one."""
    own = [one for one in conflicts if same_kind(one["group"], posted["configObjectName"])]
    if not own:
        raise Refusal(400, f"The job has no conflict of {posted['configObjectName']!r}")
    if posted["configRenameAll"] and not posted["configIgnoreAll"] and not posted["configSalt"]:
        raise Refusal(400, "configRenameAll needs a configSalt: the names would stay as they are")
    if posted["configIgnoreAll"] or posted["configRenameAll"]:
        return [one for one in conflicts if one not in own]
    renamed = _renamed(state, own, posted)
    return [one for one in conflicts if one not in own or one["name"] not in renamed]


def same_kind(one: str, other: str) -> bool:
    """The document has both SchemaDefinition and SchemaDefinitions."""
    return _singular(one) == _singular(other)


def _singular(group: str) -> str:
    return group.casefold().removesuffix("s").removesuffix("ie").removesuffix("y")


def _renamed(state: State, own: Collection[Json], posted: Json) -> set[str]:
    """All or none of the new names."""
    open_names = {one["name"] for one in own}
    taken = {name for kind in KINDS if kind.group == next(iter(own))["group"] for name in names(state, kind)}
    sentences = []
    for change in posted["conflictChanges"]:
        if change["originalName"] not in open_names:
            sentences.append(f"{change['originalName']!r} is no name in conflict")
        if change["newName"] in taken:
            sentences.append(f"{change['newName']!r} exists already")
    if not posted["conflictChanges"]:
        sentences.append("conflictChanges is empty, and neither configRenameAll nor configIgnoreAll is true")
    if sentences:
        raise Refusal(400, *sentences)
    return {change["originalName"] for change in posted["conflictChanges"]}
