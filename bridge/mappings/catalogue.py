"""A folder of YAML files -> every mapping that can be used, and every mistake in all of them."""

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Map
from dataclasses import dataclass, field, replace
from pathlib import Path

from bridge.alvaria.limits import Limits
from bridge.documents import Document
from bridge.documents import load as load_document
from bridge.errors import BadDocument, Problem
from bridge.mappings.owners import shared_cookies
from bridge.mappings.rules import Mapping
from bridge.mappings.schema import LayoutFile, read_layout, read_mapping, version_of

ENDINGS = (".yaml", ".yml")
OTHERS = frozenset({"maintenance"})
"""Files of the folder that are no mappings."""


@dataclass(frozen=True, kw_only=True)
class FileRead:
    """One mapping file as it was found, and what could be made of it."""

    file: str
    texts: Map[str, str] = field(repr=False)
    """Its text and those of the layouts that it uses, by file; nothing where it could not be read at all."""
    version: str
    mapping: Mapping | None
    problems: tuple[Problem, ...] = ()

    @property
    def is_good(self) -> bool:
        """Events can be received and translated by it."""
        return self.mapping is not None and self.mapping.rules is not None

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "error")


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """The mappings by the name of their source."""

    mappings: Map[str, Mapping] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    files: tuple[FileRead, ...] = ()


def load(folder: Path, *, env: Map[str, str], limits: Limits) -> Catalogue:
    """All that the folder holds. It raises nothing: what cannot be used is among the problems."""
    return check([folder], env=env, limits=limits)


def check(paths: Iterable[Path], *, env: Map[str, str], limits: Limits) -> Catalogue:
    """As `load`, for any files and folders. A mapping finds its layouts in `layouts/` beside it."""
    mappings: dict[str, Mapping] = {}
    problems: list[Problem] = []
    layouts = _Layouts()
    files = []
    for path in _files(paths, problems):
        if path.parent.name == "layouts":
            layouts.of(path.parent)
            continue
        found = _of_its_own_name(_read_file(path, layouts.of(path.parent / "layouts"), env, limits), mappings)
        if found.mapping:
            mappings[found.mapping.name] = found.mapping
        problems += found.problems
        files.append(found)
    problems += shared_cookies(mappings.values())
    return Catalogue(mappings=mappings, problems=(*layouts.problems, *problems), files=tuple(files))


def read_texts(texts: Map[str, str], *, env: Map[str, str], limits: Limits) -> FileRead:
    """A mapping from texts that were kept: its own first, then those of its layouts."""
    file, *others = texts
    layouts = {Path(name).stem: _read_layout(texts[name], name)[0] for name in others}
    return _read(texts[file], file, layouts, env, limits)


def fingerprint(folder: Path) -> frozenset[tuple[str, int, int]]:
    """What changes when one of the folder's files does; cheap to look at every second."""
    files = [*_yaml_in(folder), *_yaml_in(folder / "layouts")]
    return frozenset(mark for file in files if (mark := _mark(file)))


def _mark(file: Path) -> tuple[str, int, int] | None:
    try:
        seen = file.stat()
    except OSError:
        return None  # it went away while we looked, and so its mark does
    return str(file), seen.st_mtime_ns, seen.st_size


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
            layout, found = _read_layout(_read_text(path), str(path))
        except BadDocument as bad:
            layout, found = LayoutFile(file=str(path), text="", layout=None), bad.problems
        self.problems += found
        return layout


def _read_layout(text: str, file: str) -> tuple[LayoutFile, Iterable[Problem]]:
    try:
        document = _read_document(text, file)
    except BadDocument as bad:
        return LayoutFile(file=file, text=text, layout=None), bad.problems
    return read_layout(document, text, Path(file).stem)


def _files(paths: Iterable[Path], problems: list[Problem]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        files = [file for file in _yaml_in(path) if file.stem not in OTHERS]
        if not files:
            problems.append(_problem(str(path), "holds no mapping; put one in, a file whose name ends in .yaml"))
        yield from files


def _yaml_in(folder: Path) -> list[Path]:
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(path for path in found if path.suffix in ENDINGS and not path.name.startswith("."))


def _read_file(path: Path, layouts: Map[str, LayoutFile], env: Map[str, str], limits: Limits) -> FileRead:
    try:
        text = _read_text(path)
    except BadDocument as bad:
        return FileRead(file=str(path), texts={}, version="", mapping=None, problems=bad.problems)
    return _read(text, str(path), layouts, env, limits)


def _read(text: str, file: str, layouts: Map[str, LayoutFile], env: Map[str, str], limits: Limits) -> FileRead:
    problems: Iterable[Problem]
    try:
        mapping, problems = read_mapping(_read_document(text, file), text, layouts=layouts, env=env, limits=limits)
    except BadDocument as bad:
        mapping, problems = None, bad.problems
    texts = mapping.texts if mapping else {file: text}
    version = mapping.version if mapping else version_of(texts)
    return FileRead(file=file, texts=texts, version=version, mapping=mapping, problems=tuple(problems))


def _of_its_own_name(found: FileRead, others: Map[str, Mapping]) -> FileRead:
    """Of two files for one source the first is used, and the second is a mistake."""
    if not found.mapping or found.mapping.name not in others:
        return found
    problem = _same_name(found.mapping, others[found.mapping.name])
    return replace(found, mapping=None, problems=(*found.problems, problem))


def _read_document(text: str, file: str) -> Document:
    """Raise BadDocument where there is no YAML map to be had from it."""
    document = load_document(text, file)
    if not isinstance(document.data, dict):
        raise BadDocument((_problem(file, _NO_MAP if document.data else _EMPTY),))
    return document


_EMPTY = "is empty; begin it with version: 1"
_NO_MAP = "is not a map of keys and values; begin it with version: 1"


def _read_text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        words = f"cannot be read ({error.strerror}); mend its path or rights"
        raise BadDocument((_problem(str(path), words),)) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadDocument((_problem(str(path), "is not UTF-8 text; save it as UTF-8", line),)) from None


def _problem(file: str, message: str, line: int = 1) -> Problem:
    return Problem(file=file, line=line, path="", message=message)


def _same_name(mapping: Mapping, first: Mapping) -> Problem:
    message = f"source {mapping.name!r} is in {first.file} too, and that one is used; give this one another name"
    return load_document(mapping.texts[mapping.file], mapping.file).problem(("source", "name"), message)
