"""What an expression may consist of: a walk over Jinja2's syntax tree that refuses whatever is not listed here."""

from collections.abc import Collection, Mapping
from inspect import signature
from math import isfinite
from typing import Any, TypeVar, cast

from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.parser import Parser
from jinja2.visitor import NodeTransformer

from bridge.documents import did_you_mean
from bridge.errors import ExpressionError
from bridge.expressions.filters import CHECKED_AT_LOAD, FILTERS, Function
from bridge.expressions.internal import CONCATENATE, EXACT, LITERAL, MEMBER, PRESENT
from bridge.expressions.questions import QUESTIONS
from bridge.expressions.syntax import SYNTAX
from bridge.expressions.values import refuse_too_large

Kind = TypeVar("Kind", bound=nodes.Node)

MAX_DEPTH = 40

ALLOWED = frozenset(
    {
        nodes.Add,
        nodes.And,
        nodes.Compare,
        nodes.Concat,
        nodes.CondExpr,
        nodes.Const,
        nodes.Dict,
        nodes.Div,
        nodes.Filter,
        nodes.FloorDiv,
        nodes.Getattr,
        nodes.Getitem,
        nodes.Keyword,
        nodes.List,
        nodes.Mod,
        nodes.Mul,
        nodes.Name,
        nodes.Neg,
        nodes.Not,
        nodes.Operand,
        nodes.Or,
        nodes.Pair,
        nodes.Pos,
        nodes.Slice,
        nodes.Sub,
        nodes.Test,
        nodes.Tuple,
    }
)

ELSEWHERE = {
    "upcase": "upper", "downcase": "lower", "uppercase": "upper", "lowercase": "lower", "strip": "trim",
    "size": "length", "len": "length", "tojson": "json", "to_json": "json", "int_value": "int", "str": "string",
    "slugify": "slug", "parameterize": "slug", "sha": "sha256", "strftime": "date", "date_format": "date",
}  # fmt: skip
"""What other template languages call our filters."""

REFUSED: Mapping[type[nodes.Node], str] = {
    nodes.Call: "functions and methods cannot be called; use a filter, as in {{ record.name | upper }}",
    nodes.Pow: "** is not part of the language; write out the product",
}


def parse(source: str, names: Collection[str]) -> tuple[nodes.Expr, frozenset[str]]:
    """The closed syntax tree, and what it uses, such as `changed` or `record.tier`; ExpressionError with a remedy."""
    try:
        parser = Parser(SYNTAX, source, state="variable")
        tree = parser.parse_expression()
        if not parser.stream.eos:
            raise ExpressionError(
                f"{parser.stream.current.value!r} is not expected there; one {{{{ … }}}} holds one expression"
            )
        walk = Closing(names)
        return walk.visit(tree), frozenset(walk.uses)
    except TemplateSyntaxError as error:
        problem = str(error.message).replace("end of template", "end")
        raise ExpressionError(f"this is not an expression: {problem}") from None
    except RecursionError:
        raise ExpressionError("it is nested too deeply; split it up") from None


class Closing(NodeTransformer):
    """Refuses what is not in the language, and puts our own meaning of members, ~ and comparison in its place."""

    def __init__(self, names: Collection[str]) -> None:
        self.names = names
        self.uses: set[str] = set()
        """Names, with their first member where one is named."""
        self.depth = 0

    def visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> Any:
        if type(node) not in ALLOWED:
            raise ExpressionError(REFUSED.get(type(node), f"{type(node).__name__} is not part of the language"))
        if self.depth == MAX_DEPTH:
            raise ExpressionError(f"it is nested deeper than {MAX_DEPTH} levels; split it up")
        self.depth += 1
        closed = super().visit(node, *args, **kwargs)
        self.depth -= 1
        return closed

    def visit_Name(self, node: nodes.Name) -> nodes.Expr:
        if node.name == "null":
            return nodes.Const(None)
        if node.name not in self.names:
            raise ExpressionError(_unknown("name", node.name, self.names))
        self.uses.add(node.name)
        return node

    def visit_Const(self, node: nodes.Const) -> nodes.Const:
        refuse_too_large(node.value)
        if isinstance(node.value, float) and not isfinite(node.value):
            raise ExpressionError("a number in it is too large")
        if isinstance(node.value, str) and any("\ud800" <= each <= "\udfff" for each in node.value):
            raise ExpressionError("a text in it has half a character, such as \\ud83d alone")
        return node

    def visit_Getattr(self, node: nodes.Getattr) -> nodes.Filter:
        if node.attr.startswith("_"):
            raise ExpressionError(f".{node.attr} begins with _; a field of that name is written ['{node.attr}']")
        return _filter(MEMBER, self._owner(node, node.attr), nodes.Const(node.attr), nodes.Const(_path(node)))

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Expr:
        if isinstance(node.arg, nodes.Slice):
            return self._inside(node)
        owner = self._owner(node, node.arg.value if isinstance(node.arg, nodes.Const) else None)
        return _filter(MEMBER, owner, self.visit(node.arg), nodes.Const(_path(node)))

    def _owner(self, node: nodes.Getattr | nodes.Getitem, member: object) -> Any:
        """What has the member. Of a name only this member is used, if it is known which."""
        owner = node.node
        if not isinstance(owner, nodes.Name) or not isinstance(member, str) or owner.name in self.uses:
            return self.visit(owner)
        closed = self.visit(owner)
        self.uses -= {owner.name}
        self.uses.add(f"{owner.name}.{member}")
        return closed

    def visit_List(self, node: nodes.List) -> nodes.Expr:
        constant = all(isinstance(item, nodes.Const) for item in node.items)
        return self._inside(node) if constant else _filter(LITERAL, self._inside(node))

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Expr:
        return self.visit_List(nodes.List(node.items))

    def visit_Dict(self, node: nodes.Dict) -> nodes.Expr:
        return _filter(LITERAL, self._inside(node))

    def visit_Mul(self, node: nodes.Mul) -> nodes.Expr:
        for side in (node.left, node.right):
            if isinstance(side, nodes.List | nodes.Tuple | nodes.Concat) or isinstance(
                getattr(side, "value", None), str
            ):
                raise ExpressionError("* multiplies numbers only; text and lists cannot be repeated")
        return self._inside(node)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Filter:
        return _filter(CONCATENATE, nodes.List([self.visit(part) for part in node.nodes]))

    def visit_Compare(self, node: nodes.Compare) -> nodes.Expr:
        contained = any(operand.op in {"in", "notin"} for operand in node.ops)
        prepare = PRESENT if contained else EXACT
        closed = self._inside(node)
        closed.expr = _filter(prepare, closed.expr)
        for operand in closed.ops:
            operand.expr = _filter(prepare, operand.expr)
        return closed

    def visit_Filter(self, node: nodes.Filter) -> nodes.Expr:
        _check_use(node, "filter", FILTERS)
        check = CHECKED_AT_LOAD.get(node.name)
        if check and node.args and isinstance(node.args[0], nodes.Const):
            check(node.args[0].value)
        return self._inside(node)

    def visit_Test(self, node: nodes.Test) -> nodes.Expr:
        _check_use(node, "test", QUESTIONS)
        return self._inside(node)

    def _inside(self, node: Kind) -> Kind:
        return cast(Kind, self.generic_visit(node))


def _check_use(node: nodes.Filter | nodes.Test, what: str, known: Mapping[str, Function]) -> None:
    """Unknown ones, and arguments that do not fit, are told when the mapping is loaded."""
    if node.name not in known:
        raise ExpressionError(_unknown(what, node.name, known))
    if node.dyn_args or node.dyn_kwargs:
        raise ExpressionError(f"{node.name}: * and ** before arguments are not part of the language")
    named = [str(pair.key) for pair in node.kwargs]
    if len(set(named)) < len(named):
        raise ExpressionError(f"{node.name}: an argument stands twice; keep one of them")
    try:
        signature(known[node.name]).bind(None, *node.args, **dict.fromkeys(named))
    except TypeError as error:
        raise ExpressionError(f"{node.name}: {error}{_example(known[node.name])}") from None


def _example(function: Function) -> str:
    lines = [line.strip() for line in (function.__doc__ or "").splitlines() if "{{" in line]
    return f"; for example {lines[0].replace('`', '')}" if lines else ""


def _elsewhere(name: str, known: Collection[str]) -> str:
    ours = ELSEWHERE.get(name, "")
    return f", did you mean {ours!r}?" if ours in known else ""


def _unknown(what: str, name: str, known: Collection[str]) -> str:
    remedy = _elsewhere(name, known) or did_you_mean(name, known) or f"; known are {', '.join(sorted(known))}"
    return f"unknown {what} {name!r}{remedy}"


def _filter(name: str, node: Any, *arguments: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(node, name, list(arguments), [], None, None)


def _path(node: nodes.Node) -> str:
    """What a message calls a member. A key that is computed is left out: it may be a person's."""
    match node:
        case nodes.Name():
            return node.name
        case nodes.Getattr():
            return f"{_path(node.node)}.{node.attr}"
        case nodes.Getitem(arg=nodes.Const(value=str() as key)) if key.isidentifier():
            return f"{_path(node.node)}.{key}"
        case nodes.Getitem(arg=nodes.Const(value=key)):
            return f"{_path(node.node)}[{key!r}]"
        case nodes.Getitem():
            return f"{_path(node.node)}[…]"
    return "(…)"
