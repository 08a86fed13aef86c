"""Which cookies are written from two places, although no mapping says whose value counts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

from bridge.documents import Path
from bridge.documents import load as load_document
from bridge.errors import Problem
from bridge.mappings.rules import Group, Mapping

Name: TypeAlias = tuple[str, str, str]
"""key, channel, service"""


@dataclass(frozen=True, kw_only=True)
class Written:
    """A setting whose cookie is known before any event is there."""

    name: Name
    mapping: Mapping
    rule: int
    setting: int
    always: bool

    @property
    def path(self) -> Path:
        return ("rules", self.rule, "settings", self.setting, "key")

    @property
    def is_owned(self) -> bool:
        return self.name[0] in self.mapping.owns


def shared_cookies(mappings: Iterable[Mapping]) -> list[Problem]:
    """A warning for each cookie that two sources write, or two rules of one for the same event."""
    found = sorted((one for mapping in mappings for one in _written(mapping)), key=lambda one: one.name)
    problems = []
    for _, group in groupby(found, key=lambda one: one.name):
        places = list(group)
        problems += [*_between_sources(places), *_between_rules(places)]
    return problems


def _written(mapping: Mapping) -> Iterator[Written]:
    for at, rule in enumerate(mapping.rules or ()):
        for number, setting in enumerate(rule.action.settings if isinstance(rule.action, Group) else ()):
            parts = (setting.key, setting.channel, setting.service)
            if all(part.constant for part in parts):
                yield Written(
                    name=(setting.key.text, setting.channel.text, setting.service.text),
                    mapping=mapping,
                    rule=at,
                    setting=number,
                    always=rule.when is None and setting.when is None,
                )


def _between_sources(places: list[Written]) -> Iterator[Problem]:
    by_source = {one.mapping.name: one for one in reversed(places)}
    owners = sorted(one.mapping.name for one in by_source.values() if one.is_owned)
    first, *others = sorted(by_source)
    if len(owners) == 1:
        return
    for other in others:
        if owners:
            words = f"is owned by {' and '.join(owners)}; leave it in the `owns` of one of them"
        else:
            key = by_source[other].name[0]
            words = f"is written by {first} too; say whose value counts, with owns: [{key}] in one of the two"
        yield _problem(by_source[other], words)


def _between_rules(places: list[Written]) -> Iterator[Problem]:
    """Rules that both have a `when` may well be either … or."""
    seen: dict[str, Written] = {}
    for one in places:
        before = seen.setdefault(one.mapping.name, one)
        if one.rule != before.rule and (one.always or before.always) and not one.is_owned:
            name = (one.mapping.rules or ())[before.rule].name
            words = f"is written by the rule {name!r} for the same event; keep one, or give each rule a `when`"
            yield _problem(one, words)


def _problem(one: Written, words: str) -> Problem:
    key, channel, service = one.name
    cookie = f"{key}, channel {channel}" + (f", service {service}" if service else "")
    document = load_document(one.mapping.texts[one.mapping.file], one.mapping.file)
    return document.problem(one.path, f"the cookie {cookie}, {words}", severity="warning")
