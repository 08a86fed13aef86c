"""The `source:` part of a mapping file -> Source, or every mistake in it with its line."""

from bridge.sources.presets import preset_names, preset_text
from bridge.sources.schema.source import read_source
from bridge.sources.schema.strict import Choice, Expression, Length, ListOf, MapOf, StrictSchema, Text, Texts, Whole

__all__ = [
    "Choice",
    "Expression",
    "Length",
    "ListOf",
    "MapOf",
    "StrictSchema",
    "Text",
    "Texts",
    "Whole",
    "preset_names",
    "preset_text",
    "read_source",
]
