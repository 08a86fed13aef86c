"""A town for each kind of database, and the table of what the faults have cost."""

import shutil
from collections.abc import Callable, Iterator

import pytest

from bridge.sandbox.serve import running
from tests.chaos.town import REPORT, Town


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def town(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    make_postgresql: Callable[..., str],
    with_tables: dict[str, str],
) -> Iterator[Town]:
    """Two nodes on one database of each kind; one fault follows the other."""
    folder = tmp_path_factory.mktemp(f"town-{request.param}")
    url = f"sqlite:///{folder}/bridge.db"
    if request.param == "postgresql":
        url = make_postgresql(template=with_tables["postgresql"])
    else:
        shutil.copy(with_tables["sqlite"], folder / "bridge.db")
    with running() as sandbox:
        made = Town(folder, sandbox, url)
        try:
            made.build()
            yield made
        finally:
            made.end()


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
