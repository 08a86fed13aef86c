"""What is no mistake, and yet will not happen or is hardly meant: the warnings about one file."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bridge.alvaria.operations import OPERATIONS
from bridge.documents import Path, did_you_mean
from bridge.mappings.schema.checks import Found, as_map, maps
from bridge.sources import tokens
from bridge.sources.source import Source

NEVER = re.compile(r"\s*\{\{\s*(?:false|False|none|None|null)\s*\}\}\s*")
WHOLE = {"tables": re.compile(r"\btables\b(?!\.\w|\[['\"])"), "record": re.compile(r"\brecord\b(?!\.\w|\[['\"])")}
"""The name used as a whole, or with a computed member: then nobody can say which of its members are used."""


def doubts(data: Any) -> list[tuple[Path, str]]:
    """Each with its place; the file can be used as it is."""
    mapping = as_map(data)
    return [found for look in LOOKS for found in look(mapping)]


def short_keys(source: Source | None) -> list[tuple[Path, str]]:
    """Known only with the values of the secrets; nothing is said of how long they are."""
    names = dict.fromkeys(tokens.short_keys(source) if source else ())
    return [(("source", "secrets", name), SHORT_KEY) for name in names]


SHORT_KEY = (
    f"holds a value of fewer than the {tokens.SHORTEST_KEY_BYTES} bytes that HS256 asks for; "
    "take a longer one where the CRM lets you choose"
)


def _deprecated(data: Mapping[str, Any]) -> Found:
    for at, rule in maps(data.get("rules"), ("rules",)):
        name = str(as_map(rule.get("operation")).get("id"))
        if name in OPERATIONS and (instead := OPERATIONS[name].replaced_by):
            words = f"{name} is deprecated by the vendor, who names {instead} instead; plan for its end"
            yield (*at, "operation", "id"), words


def _never_holds(data: Mapping[str, Any]) -> Found:
    for at, rule in maps(data.get("rules"), ("rules",)):
        if _is_never(rule):
            yield (*at, "when"), "never holds, so the rule does nothing; remove the rule or mend the `when`"
        for where, setting in maps(rule.get("settings"), (*at, "settings")):
            if _is_never(setting):
                yield (*where, "when"), "never holds, so nothing is written; remove the setting or mend the `when`"


def _is_never(holder: Mapping[str, Any]) -> bool:
    when = holder.get("when")
    return when is False or (isinstance(when, str) and bool(NEVER.fullmatch(when)))


def _unused_tables(data: Mapping[str, Any]) -> Found:
    expressions = _expressions(data)
    if not WHOLE["tables"].search(expressions):
        for name in as_map(data.get("tables")):
            if not _names(expressions, "tables", name):
                yield ("tables", name), "is used by no expression; remove it, or look it up with lookup(tables.…)"


def _unused_memory(data: Mapping[str, Any]) -> Found:
    expressions = _expressions(data)
    remembered = as_map(data.get("source")).get("remember")
    if not isinstance(remembered, list) or WHOLE["record"].search(expressions):
        return
    for index, name in enumerate(remembered):
        if isinstance(name, str) and not _names(expressions, "record", name):
            words = f"{name!r} is used by no expression; remove it, so that no more is kept of a person than needed"
            yield ("source", "remember", index), words


def _expressions(data: Mapping[str, Any]) -> str:
    """All texts of the parts that compute something, in one."""
    source = {name: part for name, part in as_map(data.get("source")).items() if name != "remember"}
    parts = (source, *(data.get(name) for name in ("customer", "defaults", "rules")))
    return "\n".join(text for part in parts for text in _texts(part))


def _texts(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from _texts(inner)


def _names(expressions: str, holder: str, member: str) -> bool:
    written = re.escape(member)
    return bool(re.search(rf"\b{holder}(?:\.{written}\b|\[\s*['\"]{written}['\"]\s*\])", expressions))


def _needless_once(data: Mapping[str, Any]) -> Found:
    for at, rule in maps(data.get("rules"), ("rules",)):
        once = as_map(rule.get("once"))
        if not once:
            continue
        if "forget" in rule:
            yield (*at, "once"), "is not needed to forget, and would keep a second deletion of the record from it"
        elif "settings" in rule and "within" not in once and PER_RECORD.fullmatch(str(once.get("per"))):
            yield (*at, "once"), "keeps every later change from being written; remove it, or add a `within`"


PER_RECORD = re.compile(r"\s*\{\{\s*event\.record_id\s*\}\}\s*")


def _owned_by_nobody(data: Mapping[str, Any]) -> Found:
    """An `owns` that names what this file does not write is probably a slip."""
    keys = [str(one.get("key")) for _, rule in maps(data.get("rules"), ()) for _, one in maps(rule.get("settings"), ())]
    owned = data.get("owns")
    for index, name in enumerate(owned if isinstance(owned, list) else []):
        if isinstance(name, str) and name not in keys and not any("{{" in key for key in keys):
            yield ("owns", index), f"{name!r} is written by no rule of this file{did_you_mean(name, keys)}"


LOOKS = (_deprecated, _never_holds, _unused_tables, _unused_memory, _needless_once, _owned_by_nobody)
