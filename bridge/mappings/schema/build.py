"""Checked data -> the frozen values that translation uses; the defaults go into each setting."""

from collections.abc import Iterable
from collections.abc import Mapping as Map
from typing import Any

from bridge.alvaria.limits import Limits
from bridge.documents import Document
from bridge.expressions import Template, compile_template
from bridge.mappings.layout import Layout
from bridge.mappings.rules import (
    NAMES,
    Action,
    FastPath,
    Forget,
    Group,
    Once,
    OnEmpty,
    OtherOperation,
    Rule,
    SettingRule,
    Stops,
    Trial,
)


def build_rules(data: Any, document: Document, layouts: Map[str, Layout], limits: Limits) -> tuple[Rule, ...]:
    defaults = {
        "channel": _written("all"),
        "service": _written(""),
        "expires": limits.default_expiry,
        "on_empty": OnEmpty.DELETE,
        **data["defaults"],
    }
    return tuple(
        Rule(
            name=rule["name"],
            action=_action(rule, defaults, layouts),
            when=rule.get("when"),
            once=Once(**rule["once"]) if "once" in rule else None,
            hold=rule.get("hold", False),
            stops=_stops(rule["stops"]) if "stops" in rule else None,
            line=document.line(("rules", index)),
        )
        for index, rule in enumerate(data["rules"])
    )


def _written(text: str) -> Template:
    return compile_template(text, names=NAMES)


def _action(rule: Map[str, Any], defaults: Map[str, Any], layouts: Map[str, Layout]) -> Action:
    match rule:
        case {"settings": settings}:
            return Group(settings=tuple(_setting({**defaults, **setting}) for setting in settings))
        case {"fast_path": record}:
            return _fast_path(record, layouts)
        case {"operation": other}:
            return OtherOperation(**{"params": {}, **other})
        case _:
            return Forget()


def _stops(members: Map[str, Any]) -> Stops:
    return Stops(customer=members["customer"], operations=tuple(members["operations"]))


def _setting(members: Map[str, Any]) -> SettingRule:
    return SettingRule(
        key=members["key"],
        content=members["content"],
        channel=members["channel"],
        service=members["service"],
        expires=members["expires"],
        on_empty=OnEmpty(members["on_empty"]),
        when=members.get("when"),
        uses=_uses(members[name] for name in ("content", "key", "channel", "service")),
    )


def _uses(templates: Iterable[Template]) -> frozenset[str]:
    """But for the tables, which are the mapping's own."""
    return frozenset(use for one in templates for use in one.uses if use.partition(".")[0] != "tables")


def _fast_path(record: Map[str, Any], layouts: Map[str, Layout]) -> FastPath:
    return FastPath(
        list=record["list_name"],
        layout=layouts[record["layout"]],
        fields=record["values"],
        custom=tuple(record.get("custom", ())),
    )


def build_tests(data: Any, document: Document) -> tuple[Trial, ...]:
    # What is expected is compared as it is written.
    written = [test["expect"] for test in document.data.get("tests", [])]
    return tuple(
        Trial(name=test["name"], given=test["given"], expect=expect, line=document.line(("tests", index)))
        for index, (test, expect) in enumerate(zip(data["tests"], written, strict=True))
    )
