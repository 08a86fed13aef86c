"""YAML of a mapping or a layout -> compiled values, or every mistake in it at once."""

from bridge.mappings.schema.layouts import LayoutFile, read_layout
from bridge.mappings.schema.mapping import read_mapping, version_of

__all__ = ["LayoutFile", "read_layout", "read_mapping", "version_of"]
