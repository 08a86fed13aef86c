"""Who a record is to the dialogs: the newest id of each entry of `customer`, whatever arrives first."""

from collections.abc import Mapping as Map
from typing import Any, TypeAlias

from bridge.errors import ExpressionError
from bridge.expressions import MISSING, Template, as_text
from bridge.mappings.remember import Fields, learned
from bridge.mappings.rules import Mapping
from bridge.model import Record, Stamp

Ids: TypeAlias = Map[int, tuple[str | None, Stamp]]
Said: TypeAlias = dict[int, str | None]


def ids_after(
    mapping: Mapping, scope: Map[str, Any], known: Record | None, fields: Fields, at: Stamp
) -> tuple[Ids, str | None]:
    """The record's ids as they are after an event, and why it cannot tell them.

    A missing id stays as it was, and so do all where the event names nobody at all.
    """
    before = known.ids if known else {}
    said: Said = {}
    for place, template in enumerate(mapping.customers):
        try:
            _say(said, place, template, scope)
        except ExpressionError as error:
            return before, f"customer[{place}]: {error}"
    if not any(said.values()):
        return before, None
    ids = learned(before, said, range(len(mapping.customers)), at)
    outdated = [place for place, value in said.items() if ids[place][0] != value]
    if outdated:
        ids.update(
            _lasting(mapping, ids, {place: said[place] for place in outdated}, _without_the_event(scope, fields))
        )
    return ids, None


def _say(said: Said, place: int, template: Template, scope: Map[str, Any]) -> None:
    value = template.or_missing(scope)
    if value is not MISSING:
        said[place] = None if value is None or value == "" else as_text(value)


def _lasting(mapping: Mapping, ids: Ids, said: Said, scope: Map[str, Any]) -> Ids:
    """Ids that come from what is remembered: that is the newest already, so an older event may bring them, too."""
    lasting: Said = {}
    for place in said:
        try:
            _say(lasting, place, mapping.customers[place], scope)
        except ExpressionError:
            continue  # it needs the event itself
    return {place: (value, ids[place][1]) for place, value in lasting.items() if value == said[place]}


def _without_the_event(scope: Map[str, Any], fields: Fields) -> Map[str, Any]:
    stays = {name: scope["event"][name] for name in ("source", "record_id", "tenant")}
    remembered = {name: value for name, (value, _) in fields.items()}
    return {"event": stays, "record": remembered, "tables": scope["tables"]}
