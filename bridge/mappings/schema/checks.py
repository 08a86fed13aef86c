"""What must fit together in a mapping, read from the file as it is written: so it is found beside other mistakes.

A value with an expression in it is not known yet; it is checked again for every event.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from bridge.alvaria.limits import Limits
from bridge.documents import Path, did_you_mean
from bridge.mappings import move
from bridge.mappings.schema.layouts import LayoutFile
from bridge.mappings.schema.operation_checks import check_operation, check_stops, needs_once
from bridge.mappings.schema.record_checks import check_fast_path
from bridge.mappings.schema.setting_checks import check_defaults, check_settings
from bridge.mappings.schema.shapes import RuleShape

Found: TypeAlias = Iterator[tuple[Path, str]]

ACTIONS = ("settings", "fast_path", "forget", "operation")
EXPRESSION = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
TABLE = re.compile(r"\btables\.([A-Za-z_]\w*)")


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A mapping file as it is written; what has the wrong shape is left out, as the shape's check reports it."""

    data: Mapping[str, Any]
    layouts: Mapping[str, LayoutFile]
    limits: Limits

    @property
    def defaults(self) -> Mapping[str, Any]:
        return as_map(self.data.get("defaults"))

    @property
    def rules(self) -> list[tuple[Path, Mapping[str, Any]]]:
        return maps(self.data.get("rules"), ("rules",))


def check_rules(data: Any, layouts: Mapping[str, LayoutFile], limits: Limits) -> list[tuple[Path, str]]:
    draft = Draft(data=as_map(data), layouts=layouts, limits=limits)
    return [found for check in CHECKS for found in check(draft)]


def _actions(draft: Draft) -> Found:
    for at, rule in draft.rules:
        actions = [action for action in ACTIONS if action in rule]
        # A misspelt action is reported as an unknown key; that it is missing, too, helps nobody.
        misspelt = any(key not in KNOWN for key in rule)
        if not actions and not misspelt:
            yield at, f"does nothing; add one of {', '.join(ACTIONS)}"
        if len(actions) > 1:
            yield at, f"does {' and '.join(actions)}; make a rule of each"


KNOWN = frozenset(field.data_key or name for name, field in RuleShape().load_fields.items())


def _once(draft: Draft) -> Found:
    for at, rule in draft.rules:
        if "fast_path" in rule and "once" not in rule:
            yield (
                at,
                (
                    "needs a `once`: what is inserted twice is dialled twice, for each later edit of the record; "
                    'add once: {per: "{{ event.record_id }}", within: 24h}'
                ),
            )
        if "once" not in rule and needs_once(as_map(rule.get("operation"))):
            yield (
                at,
                (
                    "needs a `once`: the operation must not be repeated blindly, and a later edit of the record would; "
                    'add once: {per: "{{ event.id }}"}, or say repeatable: true if a second one does no harm'
                ),
            )


def _hold(draft: Draft) -> Found:
    for at, rule in draft.rules:
        if "hold" in rule and ("settings" in rule or "forget" in rule):
            yield (
                (*at, "hold"),
                "is for what is done in order, such as fast_path; of a cookie the newest change wins. Leave it out",
            )


def _rule_names(draft: Draft) -> Found:
    names = Counter(str(rule.get("name")) for _, rule in draft.rules if "name" in rule)
    seen: set[str] = set()
    for at, rule in draft.rules:
        name = str(rule.get("name"))
        if names[name] > 1 and name in seen:
            yield (*at, "name"), f"{name!r} is the name of another rule as well; outcomes are told apart by it"
        if name == move.RULE:
            yield (*at, "name"), f"{name!r} is what the bridge calls its own; choose another name"
        seen.add(name)


def _customer(draft: Draft) -> Found:
    if "customer" not in draft.data and any("settings" in rule for _, rule in draft.rules):
        yield ("customer",), 'is missing, and settings belong to one; add customer: "{{ event.record_id }}"'


def _tables(draft: Draft) -> Found:
    known = as_map(draft.data.get("tables"))
    for part in ("customer", "defaults", "rules"):
        for at, text in _texts(draft.data.get(part), (part,)):
            for name in _tables_named(text):
                if name not in known:
                    yield at, f"there is no table {name!r}{did_you_mean(name, known) or '; add it under tables'}"


def _texts(data: Any, at: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(data, str):
        yield at, data
    members = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for name, inner in members:
        yield from _texts(inner, (*at, name))


def _tables_named(text: str) -> list[str]:
    expressions = " ".join(QUOTED.sub("''", inner) for inner in EXPRESSION.findall(text))
    return list(dict.fromkeys(TABLE.findall(expressions)))


def _settings(draft: Draft) -> Found:
    yield from check_defaults(draft.defaults, draft.limits)
    for at, rule in draft.rules:
        yield from check_settings(maps(rule.get("settings"), (*at, "settings")), draft.defaults, draft.limits)


def _records(draft: Draft) -> Found:
    for at, rule in draft.rules:
        yield from check_fast_path(as_map(rule.get("fast_path")), (*at, "fast_path"), draft.layouts, draft.limits)


def _operations(draft: Draft) -> Found:
    for at, rule in draft.rules:
        yield from check_operation(as_map(rule.get("operation")), (*at, "operation"))
        yield from check_stops(as_map(rule.get("stops")), (*at, "stops"))


def _expected_rules(draft: Draft) -> Found:
    names = [rule.get("name") for _, rule in draft.rules]
    for at, test in maps(draft.data.get("tests"), ("tests",)):
        expected = as_map(test.get("expect")).get("rejected")
        for where, one in maps(expected, (*at, "expect", "rejected")):
            if "rule" in one and one["rule"] not in names:
                yield (*where, "rule"), f"there is no rule {one['rule']!r}{did_you_mean(str(one['rule']), names)}"


CHECKS = (_actions, _once, _hold, _rule_names, _customer, _tables, _settings, _records, _operations, _expected_rules)


def as_map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def maps(value: Any, at: Path) -> list[tuple[Path, Mapping[str, Any]]]:
    items = value if isinstance(value, list) else []
    return [((*at, index), item) for index, item in enumerate(items) if isinstance(item, dict)]
