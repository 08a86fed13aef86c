"""A town for each kind of database, and the table of what the faults have cost."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest

from bridge.sandbox.serve import running
from tests.chaos.town import REPORT, Town


@pytest.fixture(scope="module")
def town_of(
    tmp_path_factory: pytest.TempPathFactory, make_postgresql: Callable[..., str], with_tables: dict[str, str]
) -> Iterator[Callable[[str], Town]]:
    """A function that gives the town on a database of this kind, and builds it where nobody has asked before.

    It ends with the module: what works on beside the tests that follow would slow them down.
    """
    with ExitStack() as stack:

        @cache
        def town_of(kind: str) -> Town:
            folder = tmp_path_factory.mktemp(f"town-{kind}")
            url = f"sqlite:///{folder}/bridge.db"
            if kind == "postgresql":
                url = make_postgresql(template=with_tables[kind])
            else:
                shutil.copy(with_tables[kind], folder / "bridge.db")
            made = Town(folder, stack.enter_context(running()), url)
            stack.callback(made.end)
            made.build()
            return made

        yield town_of


@pytest.fixture(params=["sqlite", "postgresql"])
def town(request: pytest.FixtureRequest, town_of: Callable[[str], Town]) -> Town:
    """Two nodes on one database of each kind; one fault follows the other."""
    return town_of(request.param)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not REPORT:
        return
    terminalreporter.section("what faults have cost")
    width = max(len(found.fault) for found in REPORT)
    row = f"{{:<10}} | {{:<{width}}} | {{:>6}} | {{:>4}} | {{:>7}} | {{:>7}}"
    terminalreporter.line(row.format("database", "fault", "events", "lost", "doubled", "unknown"))
    for found in REPORT:
        cost = (found.events, found.lost, found.doubled, found.unknown)
        terminalreporter.line(row.format(found.database, found.fault, *cost))
