"""Text with {{ … }} in it -> its literal pieces and the sources of its expressions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jinja2.exceptions import TemplateSyntaxError

from bridge.errors import ExpressionError
from bridge.expressions.syntax import SYNTAX

STATEMENT = "{% … %} and {# … #} are not part of the language; write one expression as {{ … }}"
ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|(?P<other>.))", re.DOTALL)
KNOWN_ESCAPES = "\\'\"nrt"
MAX_EXPRESSION_CHARACTERS = 4_000


@dataclass(frozen=True, kw_only=True)
class Piece:
    """`text` as written, without the braces where it is an expression."""

    text: str
    is_expression: bool


def split(text: str) -> list[Piece]:
    """Raise ExpressionError where the braces do not pair, or stand for Jinja2's statements and comments."""
    if "{{" not in text:
        _check_literal(text)
        return [Piece(text=text, is_expression=False)]
    pieces = list(_pieces(text))
    _check_literal("".join(piece.text for piece in pieces if not piece.is_expression))
    return pieces


def _check_literal(text: str) -> None:
    if "{%" in text or "{#" in text:
        raise ExpressionError(STATEMENT)
    # JSON written as a literal may well end with }}, but then its braces pair.
    if "}}" in text and text.count("{") != text.count("}"):
        raise ExpressionError("there is a }} without {{; an expression is written {{ … }}")


def _pieces(text: str) -> Iterator[Piece]:
    source: list[str] | None = None
    for kind, value in _lexed(text):
        match kind:
            case "variable_begin":
                _check_mark(value, "{{")
                source = []
            case "variable_end":
                _check_mark(value, "}}")
                yield Piece(text=_checked("".join(source or ())), is_expression=True)
                source = None
            case "data":
                yield Piece(text=value, is_expression=False)
            case _ if source is None:
                raise ExpressionError(STATEMENT)
            case _:
                source.append(_without_odd_escapes(value) if kind == "string" else value)
    if source is not None:
        raise ExpressionError("{{ is never closed; write }} after the expression")


def _lexed(text: str) -> Iterator[tuple[str, str]]:
    try:
        for _, kind, value in SYNTAX.lexer.tokeniter(text, None):
            yield kind, value
    except TemplateSyntaxError as error:
        raise ExpressionError(_syntax(text, error)) from None


def _syntax(text: str, error: TemplateSyntaxError) -> str:
    if "Missing end of" in str(error.message):
        return STATEMENT
    if text.count("{{") != text.count("}}"):
        return f"the braces do not pair: {text.count('{{')} times {{{{ and {text.count('}}')} times }}}}"
    return f"{error.message}; an expression is written {{{{ … }}}}"


def _check_mark(found: str, mark: str) -> None:
    # To Jinja2 the minus in {{-5}} is a command to cut blanks, and the number is 5.
    if found.strip() != mark:
        raise ExpressionError(f"{found.strip()} is not part of the language; put a blank between the sign and {mark}")


def _checked(source: str) -> str:
    if not source.strip():
        raise ExpressionError("there is nothing between {{ and }}; write an expression, such as {{ record.name }}")
    if len(source) > MAX_EXPRESSION_CHARACTERS:
        raise ExpressionError(f"an expression may have {MAX_EXPRESSION_CHARACTERS:,} characters; split it up")
    return source


def _without_odd_escapes(literal: str) -> str:
    for found in ESCAPE.finditer(literal):
        if found["other"] and found["other"] not in KNOWN_ESCAPES:
            raise ExpressionError(f"unknown escape \\{found['other']} in a text; a backslash itself is written \\\\")
    return literal
