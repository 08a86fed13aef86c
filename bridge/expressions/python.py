"""A closed syntax tree -> a Python function of the scope. What is not in the tables at the end cannot be written.

Jinja2 itself would make a template of it, which costs more than most expressions do: it looks its filters up and makes
a context for each value.
"""

import ast
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import nodes

from bridge.expressions.arithmetic import compute
from bridge.expressions.filters import FILTERS
from bridge.expressions.internal import INTERNAL, MEMBER, NO_ELSE
from bridge.expressions.missing import Missing
from bridge.expressions.questions import QUESTIONS
from bridge.model import Scope


def function_of(tree: nodes.Expr) -> Callable[[Scope], Any]:
    """Raise KeyError for a node that is not in the language."""
    writer = Writer()
    value = writer.written(tree)
    program = ast.parse(FUNCTION)
    program.body[0].body = [*writer.names.values(), ast.Return(value)]  # type: ignore[attr-defined]  # it is a function
    exec(compile(ast.fix_missing_locations(program), "<expression>", "exec"), writer.reach)  # noqa: S102  # ours alone
    made: Callable[[Scope], Any] = writer.reach["expression"]
    return made


FUNCTION = "def expression(scope): pass"


class Writer:
    """For one expression. Names with a blank are ours: no name of a scope can meet them."""

    def __init__(self) -> None:
        self.reach: dict[str, Any] = {"__builtins__": {}, "type": type, "dict": dict}
        """All that the function can reach beside its scope."""
        self.names: dict[str, ast.stmt] = {}
        """Each name of the scope that it uses is looked up once."""

    def written(self, node: nodes.Node) -> Any:
        return WRITERS[type(node)](self, node)

    def all_written(self, found: list[Any]) -> list[Any]:
        return [self.written(node) for node in found]

    def constant(self, name: str, value: Any) -> ast.Name:
        self.reach[f"our {name}"] = value
        return _load(f"our {name}")

    def name(self, node: nodes.Name) -> ast.Name:
        key = ast.Constant(node.name)
        is_there = ast.Compare(key, [ast.In()], [_load("scope")])
        absent = self.constant(f"missing {node.name}", Missing(name=node.name))
        value = ast.IfExp(is_there, _item(_load("scope"), key), absent)
        self.names[node.name] = ast.Assign([ast.Name(f"the {node.name}", ast.Store())], value)
        return _load(f"the {node.name}")

    def filter(self, node: nodes.Filter) -> ast.expr:
        called = self._called(node, KNOWN[node.name])
        if node.name == MEMBER and isinstance(node.node, nodes.Name) and isinstance(node.args[0], nodes.Const):
            return self._member(self.name(node.node), ast.Constant(node.args[0].value), called)
        return called

    def _member(self, owner: ast.Name, key: ast.Constant, otherwise: ast.expr) -> ast.expr:
        """By far the most frequent thing: a named member that a map has."""
        is_map = ast.Compare(ast.Call(_load("type"), [owner], []), [ast.Is()], [_load("dict")])
        has_it = ast.Compare(key, [ast.In()], [owner])
        return ast.IfExp(ast.BoolOp(ast.And(), [is_map, has_it]), _item(owner, key), otherwise)

    def test(self, node: nodes.Test) -> ast.expr:
        return self._called(node, QUESTIONS[node.name])

    def _called(self, node: nodes.Filter | nodes.Test, function: Callable[..., Any]) -> ast.Call:
        name = self.constant(f"{type(node).__name__} {node.name}", function)
        named = [ast.keyword(str(pair.key), self.written(pair.value)) for pair in node.kwargs]
        return ast.Call(name, [self.written(node.node or nodes.Const(None)), *self.all_written(node.args)], named)

    def computed(self, node: nodes.BinExpr) -> ast.expr:
        sides = [ast.Constant(node.operator), self.written(node.left), self.written(node.right)]
        return ast.Call(self.constant("compute", compute), sides, [])

    def either(self, node: nodes.BinExpr) -> ast.expr:
        return ast.BoolOp(LOGIC[type(node)], [self.written(node.left), self.written(node.right)])

    def unary(self, node: nodes.UnaryExpr) -> ast.expr:
        return ast.UnaryOp(SIGNS[type(node)], self.written(node.node))

    def compared(self, node: nodes.Compare) -> ast.expr:
        signs = [COMPARISONS[operand.op] for operand in node.ops]
        return ast.Compare(self.written(node.expr), signs, [self.written(operand.expr) for operand in node.ops])

    def choice(self, node: nodes.CondExpr) -> ast.expr:
        otherwise = self.written(node.expr2) if node.expr2 else self.constant("no else", NO_ELSE)
        return ast.IfExp(self.written(node.test), self.written(node.expr1), otherwise)

    def listed(self, node: nodes.List) -> ast.expr:
        return ast.List(self.all_written(node.items), ast.Load())

    def mapped(self, node: nodes.Dict) -> ast.expr:
        keys, values = [pair.key for pair in node.items], [pair.value for pair in node.items]
        return ast.Dict(self.all_written(keys), self.all_written(values))

    def cut(self, node: nodes.Getitem) -> ast.expr:
        """Only slices come here: every other member is looked up by the filter `MEMBER`."""
        return _item(self.written(node.node), self.written(node.arg))

    def slice(self, node: nodes.Slice) -> ast.expr:
        parts = [self.written(part) if part else None for part in (node.start, node.stop, node.step)]
        return ast.Slice(*parts)


def _load(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _item(owner: ast.expr, key: ast.expr) -> ast.expr:
    return ast.Subscript(owner, key, ast.Load())


WRITERS: Mapping[type[nodes.Node], Callable[[Writer, Any], Any]] = {
    nodes.Add: Writer.computed,
    nodes.And: Writer.either,
    nodes.Compare: Writer.compared,
    nodes.CondExpr: Writer.choice,
    nodes.Const: lambda writer, node: ast.Constant(node.value),
    nodes.Dict: Writer.mapped,
    nodes.Div: Writer.computed,
    nodes.Filter: Writer.filter,
    nodes.FloorDiv: Writer.computed,
    nodes.Getitem: Writer.cut,
    nodes.List: Writer.listed,
    nodes.Mod: Writer.computed,
    nodes.Mul: Writer.computed,
    nodes.Name: Writer.name,
    nodes.Neg: Writer.unary,
    nodes.Not: Writer.unary,
    nodes.Or: Writer.either,
    nodes.Pos: Writer.unary,
    nodes.Slice: Writer.slice,
    nodes.Sub: Writer.computed,
    nodes.Test: Writer.test,
}
KNOWN: Mapping[str, Callable[..., Any]] = {**FILTERS, **INTERNAL}
LOGIC: Mapping[type[nodes.Node], ast.boolop] = {nodes.And: ast.And(), nodes.Or: ast.Or()}
SIGNS: Mapping[type[nodes.Node], ast.unaryop] = {nodes.Neg: ast.USub(), nodes.Not: ast.Not(), nodes.Pos: ast.UAdd()}
COMPARISONS: Mapping[str, ast.cmpop] = {
    "eq": ast.Eq(),
    "ne": ast.NotEq(),
    "gt": ast.Gt(),
    "gteq": ast.GtE(),
    "lt": ast.Lt(),
    "lteq": ast.LtE(),
    "in": ast.In(),
    "notin": ast.NotIn(),
}
