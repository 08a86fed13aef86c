"""The two rules of docs/architecture.md: imports look back up the street, frameworks stay at home."""

import ast
from pathlib import Path

import pytest

BRIDGE = Path(__file__).parent.parent / "bridge"

STREET = [
    ("errors", "model", "clock"),
    ("expressions", "documents", "duration"),
    ("sources",),
    ("alvaria",),
    ("mappings",),
    ("settings", "log", "metrics", "tables", "migrations", "db"),
    ("versions",),
    ("inbox",),
    ("fetch",),
    ("outbox",),
    ("delivery",),
    ("maintenance",),
    ("push",),
    ("disposable",),
    ("console",),
    ("api",),
    ("wiring",),
    ("worker_life",),
    ("web", "worker", "gunicorn"),
    ("supervise",),
    ("programs",),
    ("sandbox",),
    ("demo",),
    ("cli", "__main__"),
]
PLACE = {name: place for place, names in enumerate(STREET) for name in names}

HOMES = {
    "flask": ("views", "web", "sandbox"),
    "sqlalchemy": ("db", "tables", "store", "queries", "migrations"),
    "alembic": ("db", "migrations"),
    "requests": ("client", "demo"),
    "click": ("cli",),
    "rich": ("cli",),
    "marshmallow": ("schema", "catalogue"),
    "ruamel": ("documents",),
    "apscheduler": ("schedule",),
    "psycopg": ("db",),
}

MODULES = sorted(path for path in BRIDGE.rglob("*.py") if path.parts[-2:] != ("bridge", "__init__.py"))


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path.name}: write imports out in full"
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def folder_of(name: str) -> str | None:
    """'bridge.inbox.store.add' -> 'inbox'."""
    parts = name.split(".")
    return parts[1] if parts[0] == "bridge" and len(parts) > 1 and parts[1] != "__version__" else None


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(BRIDGE)))
def test_imports_look_back_up_the_street(path: Path) -> None:
    own = path.relative_to(BRIDGE).with_suffix("").parts[0]
    asked = {folder for name in imports(path) if (folder := folder_of(name))} - {own}
    if own == "sandbox":
        assert not asked, "the sandbox stands in for Alvaria: it imports no code of ours"
        return
    assert own in PLACE, f"say in STREET where {own} stands"
    ahead = {folder for folder in asked if PLACE[folder] > PLACE[own]}
    assert not ahead, f"{own} imports from further down the street: {ahead}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(BRIDGE)))
def test_frameworks_stay_at_home(path: Path) -> None:
    own = set(path.relative_to(BRIDGE).with_suffix("").parts)
    strays = {name for name in imports(path) if (home := HOMES.get(name.split(".")[0])) and not own.intersection(home)}
    assert not strays, f"these belong in other modules: {strays}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(BRIDGE)))
def test_a_module_opens_with_one_sentence_and_stays_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), "open the module with a sentence"
    assert len(text.splitlines()) <= 300, "a module of over 300 lines is a design question"
