"""The {{ … }} language of mappings: Jinja2's expressions, closed, compiled once, with our own filters."""

from bridge.expressions.filters import FILTERS
from bridge.expressions.missing import MISSING, Absent
from bridge.expressions.phone import Phone
from bridge.expressions.questions import QUESTIONS
from bridge.expressions.template import Template, compile_template, compile_tree
from bridge.expressions.values import as_data, as_text

__all__ = [
    "FILTERS",
    "MISSING",
    "QUESTIONS",
    "Absent",
    "Phone",
    "Template",
    "as_data",
    "as_text",
    "compile_template",
    "compile_tree",
]
