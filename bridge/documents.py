"""YAML text -> plain data that knows the line of each of its members."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from bridge.errors import BadDocument, Problem

Path: TypeAlias = tuple[str | int, ...]

UNQUOTED_BRACES = re.compile(r"^[^#\"']*(?:[:,\[]|-)\s+\{\{")


@dataclass(frozen=True, kw_only=True)
class Document:
    """The plain data of one YAML file, and where each member stands."""

    file: str
    data: Any
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int:
        """The line of `path`, or of the nearest member around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def problem(self, path: Path, message: str, *, severity: str = "error") -> Problem:
        return Problem(file=self.file, line=self.line(path), path=dotted(path), message=message, severity=severity)

    def problems(self, messages: Any, path: Path = ()) -> Iterator[Problem]:
        """Marshmallow's nested messages, flattened, each at its line."""
        if isinstance(messages, dict):
            for name, inner in messages.items():
                yield from self.problems(inner, path if name == "_schema" else (*path, name))
        elif isinstance(messages, list):
            for inner in messages:
                yield from self.problems(inner, path)
        else:
            yield self.problem(path, str(messages))


def dotted(path: Path) -> str:
    """('rules', 0, 'key') -> 'rules[0].key'."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text


def did_you_mean(name: str, known: Any) -> str:
    """`, did you mean 'upper'?` where one of the known names is close, else nothing."""
    close = get_close_matches(name, [str(item) for item in known], n=1, cutoff=0.5)
    return f", did you mean {close[0]!r}?" if close else ""


def load(text: str, file: str) -> Document:
    """Parse YAML 1.2; raise BadDocument with file, line and remedy where that fails."""
    try:
        return _load(text, file)
    except MarkedYAMLError as error:
        raise BadDocument((_syntax_problem(error, text, file),)) from None
    except YAMLError as error:
        raise BadDocument((Problem(file=file, line=1, path="", message=_one_line(str(error))),)) from None
    except RecursionError:
        words = "it is nested too deeply, or an anchor contains itself"
        raise BadDocument((Problem(file=file, line=1, path="", message=words),)) from None


def _load(text: str, file: str) -> Document:
    # The round-trip loader is the one that keeps line numbers; it also refuses duplicate keys.
    tree = YAML(typ="rt").load(text)
    lines: dict[Path, int] = {(): 1}
    problems: list[Problem] = []
    data = _plain(tree, (), lines, problems, file)
    if problems:
        raise BadDocument(tuple(problems))
    return Document(file=file, data=data, lines=lines)


def _syntax_problem(error: MarkedYAMLError, text: str, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    for number, content in enumerate(text.splitlines()[: line + 1], start=1):
        if number >= line - 1 and UNQUOTED_BRACES.search(content):
            return Problem(file=file, line=number, path="", message=_QUOTE)
    message = error.problem or str(error)
    if duplicate := re.search(r'found duplicate key "?(.+?)"? with value', message):
        message = f"the key {duplicate[1]!r} stands twice; keep one of them"
    elif "cannot start any token" in message and "\\t" in message:
        message = "a tab stands where only spaces may; indent with spaces"
    return Problem(file=file, line=line, path="", message=_one_line(message))


_QUOTE = 'quote the {{ }}: YAML reads unquoted braces as a map, so write "{{ … }}"'


def _plain(node: Any, path: Path, lines: dict[Path, int], problems: list[Problem], file: str) -> Any:
    if isinstance(node, dict):
        return _plain_map(node, path, lines, problems, file)
    if isinstance(node, list):
        for index, _ in enumerate(node):
            lines[(*path, index)] = node.lc.item(index)[0] + 1  # type: ignore[attr-defined]  # ruamel leaves .lc untyped
        return [_plain(item, (*path, index), lines, problems, file) for index, item in enumerate(node)]
    return _plain_scalar(node)


def _plain_map(node: Any, path: Path, lines: dict[Path, int], problems: list[Problem], file: str) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key, value in node.items():
        # What a merge key (<<) brings in has no place of its own: it stands where the map stands.
        line = node.lc.key(key)[0] + 1 if key in node.lc.data else lines.get(path, 1)
        if not isinstance(key, str | int | float | bool):
            problems.append(Problem(file=file, line=line, path=dotted(path), message=_QUOTE))
            continue
        name = str(key)
        lines[(*path, name)] = line
        data[name] = _plain(value, (*path, name), lines, problems, file)
    return data


def _plain_scalar(node: Any) -> Any:
    if node is None or isinstance(node, bool):
        return node
    for kind in (int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node.isoformat() if hasattr(node, "isoformat") else str(node)


def _one_line(text: str) -> str:
    return " ".join(text.split())
