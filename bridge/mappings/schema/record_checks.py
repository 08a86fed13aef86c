"""What can be wrong with a FastPath record before any event is there."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from bridge.alvaria.limits import Limits
from bridge.documents import Path, did_you_mean
from bridge.mappings.layout import Layout
from bridge.mappings.schema.layouts import LayoutFile


def check_fast_path(
    record: Mapping[str, Any], at: Path, layouts: Mapping[str, LayoutFile], limits: Limits
) -> Iterator[tuple[Path, str]]:
    custom = record.get("custom")
    if isinstance(custom, list) and len(custom) > limits.max_custom_strings:
        yield (*at, "custom"), f"has {len(custom)} strings, a record takes {limits.max_custom_strings}; remove some"
    name, values = record.get("layout"), record.get("fields")
    if not isinstance(name, str):
        return
    if name not in layouts:
        hint = did_you_mean(name, layouts) or f"; write layouts/{name}.yaml beside the mapping"
        yield (*at, "layout"), f"there is no layout {name!r}{hint}"
        return
    layout = layouts[name].layout
    if layout is None:
        yield (*at, "layout"), f"{name!r} cannot be used before {layouts[name].file} is mended"
    elif isinstance(values, dict):
        yield from _check_fields(values, (*at, "fields"), layout)


def _check_fields(values: Mapping[str, Any], at: Path, layout: Layout) -> Iterator[tuple[Path, str]]:
    known = [field.name for field in layout.fields]
    unknown = [name for name in values if name not in known]
    for name in unknown:
        hint = did_you_mean(name, known) or f"; it has {', '.join(known)}"
        yield (*at, name), f"layout {layout.name!r} has no such field{hint}"
    # A misspelt field is missing only because it is misspelt.
    there = {*values, *(match for name in unknown for match in get_close_matches(name, known, n=1))}
    for field in layout.fields:
        if field.on_missing == "error" and field.name not in there:
            yield at, f"{field.name} is missing; give it a value, or say on_missing: blank in the layout"
