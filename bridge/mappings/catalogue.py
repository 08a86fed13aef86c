"""A folder of YAML files -> every mapping that can be used, and every mistake in all of them."""

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from pathlib import Path

from bridge.alvaria.limits import Limits
from bridge.documents import Document
from bridge.documents import load as load_document
from bridge.errors import BadDocument, Problem
from bridge.mappings.rules import Mapping
from bridge.mappings.schema import LayoutFile, read_layout, read_mapping

ENDINGS = (".yaml", ".yml")
OTHERS = frozenset({"maintenance"})
"""Files of the folder that are no mappings."""


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """The mappings by the name of their source."""

    mappings: Map[str, Mapping] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def load(folder: Path, *, env: Map[str, str], limits: Limits) -> Catalogue:
    """All that the folder holds. It raises nothing: what cannot be used is among the problems."""
    return check([folder], env=env, limits=limits)


def check(paths: Iterable[Path], *, env: Map[str, str], limits: Limits) -> Catalogue:
    """As `load`, for any files and folders. A mapping finds its layouts in `layouts/` beside it."""
    mappings: dict[str, Mapping] = {}
    problems: list[Problem] = []
    layouts = _Layouts()
    for path in _files(paths, problems):
        if path.parent.name == "layouts":
            layouts.of(path.parent)
            continue
        mapping, found = _read_mapping(path, layouts.of(path.parent / "layouts"), env, limits)
        problems += found
        if mapping and mapping.name in mappings:
            problems.append(_same_name(mapping, mappings[mapping.name]))
        elif mapping:
            mappings[mapping.name] = mapping
    return Catalogue(mappings=mappings, problems=(*layouts.problems, *problems))


class _Layouts:
    """The layouts of each folder, read once, and what is wrong with them."""

    def __init__(self) -> None:
        self.folders: dict[Path, dict[str, LayoutFile]] = {}
        self.problems: list[Problem] = []

    def of(self, folder: Path) -> dict[str, LayoutFile]:
        if folder not in self.folders:
            self.folders[folder] = {path.stem: self._read(path) for path in _yaml_in(folder)}
        return self.folders[folder]

    def _read(self, path: Path) -> LayoutFile:
        try:
            text, document = _read_document(path)
        except BadDocument as bad:
            self.problems += bad.problems
            return LayoutFile(file=str(path), text="", layout=None)
        layout, found = read_layout(document, text, path.stem)
        self.problems += found
        return layout


def _files(paths: Iterable[Path], problems: list[Problem]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        files = [file for file in _yaml_in(path) if file.stem not in OTHERS]
        if not files:
            problems.append(_problem(path, "holds no mapping; put one in, a file whose name ends in .yaml"))
        yield from files


def _yaml_in(folder: Path) -> list[Path]:
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(path for path in found if path.suffix in ENDINGS and not path.name.startswith("."))


def _read_mapping(
    path: Path, layouts: Map[str, LayoutFile], env: Map[str, str], limits: Limits
) -> tuple[Mapping | None, Iterable[Problem]]:
    try:
        text, document = _read_document(path)
    except BadDocument as bad:
        return None, bad.problems
    return read_mapping(document, text, layouts=layouts, env=env, limits=limits)


def _read_document(path: Path) -> tuple[str, Document]:
    """Raise BadDocument where there is no YAML map to be had from it."""
    text = _read_text(path)
    document = load_document(text, str(path))
    if not isinstance(document.data, dict):
        raise BadDocument((_problem(path, _NO_MAP if document.data else _EMPTY),))
    return text, document


_EMPTY = "is empty; begin it with version: 1"
_NO_MAP = "is not a map of keys and values; begin it with version: 1"


def _read_text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadDocument((_problem(path, f"cannot be read ({error.strerror}); mend its path or rights"),)) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadDocument((_problem(path, "is not UTF-8 text; save it as UTF-8", line),)) from None


def _problem(path: Path, message: str, line: int = 1) -> Problem:
    return Problem(file=str(path), line=line, path="", message=message)


def _same_name(mapping: Mapping, first: Mapping) -> Problem:
    message = f"source {mapping.name!r} is in {first.file} too, and that one is used; give this one another name"
    return load_document(mapping.texts[mapping.file], mapping.file).problem(("source", "name"), message)
