"""A value of a mapping, compiled once: a literal, one expression, or text around expressions."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from jinja2 import nodes
from jinja2.exceptions import UndefinedError

from bridge.errors import ExpressionError
from bridge.expressions.grammar import parse
from bridge.expressions.list_filters import concatenate
from bridge.expressions.missing import MISSING, Absent, Missing
from bridge.expressions.pieces import Piece, split
from bridge.expressions.python import function_of
from bridge.expressions.values import KINDS, as_data, refuse_too_large
from bridge.model import Scope

Compute: TypeAlias = Callable[[Scope], Any]

MAX_SHOWN_CHARACTERS = 200

FAILURES = (ArithmeticError, ExpressionError, LookupError, RecursionError, TypeError, UndefinedError, ValueError)
"""All that an expression of the closed language can raise on some values."""

ORDERING = re.compile(r"'(?P<sign>[<>]=?)' not supported between instances of '(?P<left>\w+)' and '(?P<right>\w+)'")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False, repr=False)
class Template:
    """Call it with the names in scope. Raises ExpressionError, which names the expression and never a value."""

    text: str
    """As written."""
    uses: frozenset[str]
    """What it needs of the scope: a name, or a name and its member, such as `record.tier`."""
    constant: bool
    """True where there is no {{ }} in it."""
    compute: Compute
    fixed: str | None = None
    """The text that it gives whatever the scope holds; None where it has to be computed."""

    @property
    def roots(self) -> frozenset[str]:
        """The names from the scope that it uses."""
        return frozenset(use.partition(".")[0] for use in self.uses)

    def __call__(self, scope: Scope) -> Any:
        value = self.compute(scope)
        if type(value) is Missing:
            raise ExpressionError(f"{_shown(self.text)}: {value._undefined_message}")
        return value

    def or_missing(self, scope: Scope) -> Any | Absent:
        """MISSING where the whole value is missing; something missing inside of it is still an error."""
        value = self.compute(scope)
        return MISSING if type(value) is Missing else value

    def __repr__(self) -> str:
        return f"Template({self.text!r})"


def compile_template(value: Any, *, names: Collection[str]) -> Template:
    """Compile text with {{ … }} in it; any other value is a literal. ExpressionError with a remedy where it fails."""
    pieces = split(value) if isinstance(value, str) else []
    if not any(piece.is_expression for piece in pieces):
        fixed = value if isinstance(value, str) else None
        text = value if isinstance(value, str) else str(value)
        return Template(text=text, uses=frozenset(), constant=True, compute=_literal(value), fixed=fixed)
    compiled = [_compiled(piece, names) for piece in pieces]
    computes = [compute for compute, _ in compiled]
    return Template(
        text=value,
        uses=frozenset[str]().union(*(uses for _, uses in compiled)),
        constant=False,
        compute=computes[0] if len(computes) == 1 else _joined(value, computes),
    )


def compile_tree(value: Any, *, names: Collection[str]) -> Compute:
    """Maps and lists with templates in them, compiled to what gives the same maps and lists computed, fit for JSON."""
    if isinstance(value, Mapping):
        members = {name: compile_tree(inner, names=names) for name, inner in value.items()}
        return lambda scope: {name: compute(scope) for name, compute in members.items()}
    if isinstance(value, list | tuple):
        items = [compile_tree(inner, names=names) for inner in value]
        return lambda scope: [compute(scope) for compute in items]
    return _fit_for_json(compile_template(value, names=names))


def _literal(value: Any) -> Compute:
    return lambda scope: value


def _compiled(piece: Piece, names: Collection[str]) -> tuple[Compute, frozenset[str]]:
    if not piece.is_expression:
        return _literal(piece.text), frozenset()
    shown = _shown(f"{{{{{piece.text}}}}}")
    try:
        tree, uses = parse(piece.text, names)
    except ExpressionError as error:
        raise ExpressionError(f"{shown}: {error}") from None
    return _expression(tree, shown), uses


def _joined(text: str, parts: list[Compute]) -> Compute:
    shown = _shown(text)

    def compute(scope: Scope) -> str:
        values = [part(scope) for part in parts]
        try:
            return concatenate(values)
        except FAILURES as error:
            raise ExpressionError(f"{shown}: {_why(error)}") from None

    return compute


def _expression(tree: nodes.Expr, shown: str) -> Compute:
    run = function_of(tree)

    def compute(scope: Scope) -> Any:
        try:
            value = run(scope)
            refuse_too_large(value)
        except FAILURES as error:
            raise ExpressionError(f"{shown}: {_why(error)}") from None
        return value

    return compute


def _fit_for_json(template: Template) -> Compute:
    def compute(scope: Scope) -> Any:
        value = template(scope)
        try:
            return as_data(value)
        except FAILURES as error:
            raise ExpressionError(f"{_shown(template.text)}: {_why(error)}") from None

    return compute


def _why(error: Exception) -> str:
    """Our own words: Python's may hold values, and values may be a person's."""
    match error:
        case ExpressionError() | UndefinedError():
            return str(error)
        case TypeError() if found := ORDERING.search(str(error)):
            compared = f"{_kind(found['left'])} {found['sign']} {_kind(found['right'])}"
            return f"{compared} cannot be compared; use | number or | string"
        case TypeError():
            return "the kinds of its values do not fit together; use | number, | string or | list"
        case ArithmeticError():
            return "a division by zero, or a number or time out of range"
        case RecursionError():
            return "a value is nested too deeply"
    return "a value does not have the form that it needs"


def _kind(type_name: str) -> str:
    return {each.__name__: word for each, word in KINDS.items()}.get(type_name, type_name)


def _shown(text: str) -> str:
    return text if len(text) <= MAX_SHOWN_CHARACTERS else f"{text[:MAX_SHOWN_CHARACTERS]}…"
