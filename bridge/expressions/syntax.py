"""Jinja2's syntax, of which only the lexer and the parser are used: nothing is ever rendered by it."""

from jinja2 import Environment

SYNTAX = Environment(keep_trailing_newline=True, cache_size=0, autoescape=False)  # noqa: S701  # no template is made
