"""Times as CRMs write them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.sources.moments import WRITERS, moment

AT = datetime(2026, 5, 12, 9, 30, 0, 417_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (1778578200417, "ms"),
        ("1778578200417", "ms"),
        (1778578200.417, "s"),
        ("1778578200.417", "s"),
        ("2026-05-12T09:30:00.417Z", "iso8601"),
        ("2026-05-12T09:30:00.417000999Z", "iso8601"),
        ("2026-05-12T11:30:00.417+0200", "iso8601"),
        ("2026-05-12 05:30:00.417-04:00", "iso8601"),
        (1778578200417, "any"),
        (1778578200.417, "any"),
        ("2026-05-12T09:30:00.417Z", "any"),
    ],
)
def test_a_time_is_read_to_the_millisecond_and_in_utc(value: Any, written: str) -> None:
    found = moment(value, written)
    assert (found, found.tzinfo) == (AT, UTC)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (True, "ms"),
        (None, "s"),
        ([], "any"),
        ("", "ms"),
        ("12:30", "s"),
        ("١٢٣", "s"),
        (float("nan"), "s"),
        (1e300, "ms"),
        (10**17, "any"),
        ("2026-05-12T09:30:00", "iso8601"),
        ("2026-05-12", "iso8601"),
        ("2026-13-12T09:30:00Z", "iso8601"),
        ("0001-01-01T00:00:00+23:59", "iso8601"),
        ("9999-12-31T23:59:59-23:59", "any"),
        (1778578200, "iso8601"),
    ],
)
def test_what_is_no_certain_time_is_refused_without_being_shown(value: Any, written: str) -> None:
    with pytest.raises(ValueError, match=r"^(is|has) ") as caught:
        moment(value, written)
    assert not value or str(value) not in str(caught.value)


@given(at=st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(5000, 1, 1)))  # noqa: DTZ001  # hypothesis wants them naive
@pytest.mark.parametrize("written", sorted(WRITERS))
def test_what_is_written_is_read_back(written: str, at: datetime) -> None:
    at = at.replace(tzinfo=UTC, microsecond=0)
    assert moment(WRITERS[written](at), written) == at
