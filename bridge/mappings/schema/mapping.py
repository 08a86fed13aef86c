"""A mapping file -> a Mapping, or every mistake in it.

A file whose source is in order but whose rules are not still gives a mapping, without rules: receiving goes on.
"""

import hashlib
from collections.abc import Iterator
from collections.abc import Mapping as Map
from dataclasses import replace
from typing import Any

from marshmallow import ValidationError

from bridge.alvaria.limits import Limits
from bridge.documents import Document
from bridge.errors import Problem
from bridge.mappings.rules import Mapping, OnCustomerChange
from bridge.mappings.schema.build import build_rules, build_tests
from bridge.mappings.schema.checks import as_map, check_rules, maps
from bridge.mappings.schema.doubts import doubts, short_keys
from bridge.mappings.schema.layouts import LayoutFile
from bridge.mappings.schema.shapes import MappingShape
from bridge.sources.schema import read_source
from bridge.sources.source import Source


def read_mapping(
    document: Document, text: str, *, layouts: Map[str, LayoutFile], env: Map[str, str], limits: Limits
) -> tuple[Mapping | None, list[Problem]]:
    """The mapping as far as it can be used (None: not even its source), and all that is wrong with it."""
    source, problems = _read_source(document, env)
    data, mistakes = _load(document)
    mistakes += [document.problem(path, message) for path, message in check_rules(document.data, layouts, limits)]
    problems += mistakes
    # What is hardly meant may only be the other side of a mistake.
    unsure = [] if mistakes else [*doubts(document.data), *short_keys(source)]
    problems += [document.problem(path, message, severity="warning") for path, message in unsure]
    problems.sort(key=lambda problem: problem.line)
    if source is None:
        return None, problems
    mapping = _receiving(document, text, source, layouts)
    return (mapping if mistakes else _translating(mapping, data, document, layouts, limits)), problems


def _read_source(document: Document, env: Map[str, str]) -> tuple[Source | None, list[Problem]]:
    if "source" not in as_map(document.data):
        return None, []
    return read_source(document, ("source",), env)


def _load(document: Document) -> tuple[Any, list[Problem]]:
    try:
        return MappingShape().load(document.data), []
    except ValidationError as error:
        return None, list(document.problems(error.messages))


def _receiving(document: Document, text: str, source: Source, layouts: Map[str, LayoutFile]) -> Mapping:
    used = {layouts[name].file: layouts[name].text for name in _layouts_named(document.data) if name in layouts}
    texts = {document.file: text, **used}
    return Mapping(name=source.name, file=document.file, version=version_of(texts), source=source, texts=texts)


def _layouts_named(data: Any) -> Iterator[str]:
    for _, rule in maps(as_map(data).get("rules"), ()):
        name = as_map(rule.get("fast_path")).get("layout")
        if isinstance(name, str):
            yield name


def version_of(texts: Map[str, str]) -> str:
    """By content alone: the same files in another folder are the same version."""
    return hashlib.sha256("\0".join(texts.values()).encode()).hexdigest()[:12]


def _translating(
    mapping: Mapping, data: Any, document: Document, layouts: Map[str, LayoutFile], limits: Limits
) -> Mapping:
    usable = {name: file.layout for name, file in layouts.items() if file.layout}
    return replace(
        mapping,
        customers=tuple(data["customer"]),
        on_customer_change=OnCustomerChange(data["on_customer_change"]),
        key_prefix=data["defaults"].get("key_prefix", limits.key_prefix),
        tables=data["tables"],
        owns=tuple(data["owns"]),
        rules=build_rules(data, document, usable, limits),
        tests=build_tests(data, document),
    )
