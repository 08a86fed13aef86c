"""Data with expressions and names in it, at any depth: compiled once, filled in for each event."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from bridge.alvaria.named import is_named
from bridge.documents import Path, dotted
from bridge.errors import ExpressionError
from bridge.expressions import Template, as_data, as_text
from bridge.mappings.fit import UNKNOWN
from bridge.model import Json, Scope

LARGEST_EXACT = 2**53
"""Beyond it floats no longer tell whole numbers apart."""


@dataclass(frozen=True, kw_only=True)
class Named:
    """What has this name at Alvaria: its id is looked up when the request is sent."""

    id_of: Template
    by: str
    code: bool = False
    """Its code in place of its id."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """What the look-up needs: a Tree."""


Tree: TypeAlias = Template | Named | Mapping[str, Any] | list[Any]
"""Maps and lists of the same."""


def fill(tree: Tree, scope: Scope, at: Path, problems: list[str]) -> Any:
    """The data; None where it is null, which leaves a member out.

    What cannot be computed goes to `problems`, and is UNKNOWN where it would stand.
    """
    match tree:
        case Template():
            return _value(tree, scope, at, problems)
        case Named():
            return _named(tree, scope, at, problems)
        case list():
            items = [fill(one, scope, (*at, index), problems) for index, one in enumerate(tree)]
            return [one for one in items if one is not None]
        case _:
            members = {name: fill(one, scope, (*at, name), problems) for name, one in tree.items()}
            return {name: one for name, one in members.items() if one is not None}


def _value(template: Template, scope: Scope, at: Path, problems: list[str]) -> Any:
    try:
        value = _fit_for_json(as_data(template(scope)))
    except ExpressionError as error:
        problems.append(f"{dotted(at)}: {error}")
        return UNKNOWN
    if _holds_name(value):
        # Or whoever writes into the CRM's record could have anything looked up.
        problems.append(
            f"{dotted(at)}: holds a map of id_of and by; write that into the mapping, around the expression"
        )
        return UNKNOWN
    return value


def _holds_name(value: Json) -> bool:
    if isinstance(value, dict):
        return is_named(value) or any(_holds_name(one) for one in value.values())
    return isinstance(value, list) and any(_holds_name(one) for one in value)


def _fit_for_json(value: Json) -> Json:
    """Whole numbers without a point, and null left out here too."""
    if isinstance(value, dict):
        return {name: _fit_for_json(one) for name, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_fit_for_json(one) for one in value if one is not None]
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) <= LARGEST_EXACT
    return int(value) if is_whole else value


def _named(named: Named, scope: Scope, at: Path, problems: list[str]) -> Any:
    found = _name(named.id_of, scope, at, problems)
    params = fill(named.params, scope, (*at, "params"), problems)
    if not isinstance(found, str):
        return found
    more = {**({"as": "code"} if named.code else {}), **({"params": params} if params else {})}
    return {"id_of": found, "by": named.by, **more}


def _name(template: Template, scope: Scope, at: Path, problems: list[str]) -> Any:
    value = _value(template, scope, (*at, "id_of"), problems)
    if value is UNKNOWN or value is None:
        return value
    if value == "" or isinstance(value, dict | list | bool):
        problems.append(f"{dotted((*at, 'id_of'))}: is no name; give the name or id as Alvaria knows it")
        return UNKNOWN
    return as_text(value)


def known(value: Any, *, is_written: bool = False) -> Any:
    """The same with UNKNOWN in place of each name, and in what is written in a file of each expression as well."""
    if is_named(value) or (is_written and isinstance(value, str) and "{{" in value):
        return UNKNOWN
    if isinstance(value, dict):
        return {name: known(one, is_written=is_written) for name, one in value.items()}
    return [known(one, is_written=is_written) for one in value] if isinstance(value, list) else value
