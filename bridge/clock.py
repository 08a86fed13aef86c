"""The only place that asks the time."""

from datetime import UTC, datetime, timedelta

_ahead = timedelta(0)


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC) + _ahead


def start_at(moment: datetime) -> None:
    """Let this process's clock show `moment` now and run on from there.

    For the sandbox and for tests that replay recorded requests; see BRIDGE_CLOCK.
    """
    global _ahead  # one clock per process is the point
    _ahead = moment - datetime.now(UTC)
