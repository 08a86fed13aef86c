"""The limit that an answer tells of, in every family of headers."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.alvaria.limit_headers import LimitSeen, read_limits, read_moment
from bridge.model import Answer
from tests.words import NOON

EPOCH = int(NOON.timestamp())


def seen(limit: int | None, remaining: int | None, reset_s: float | None, window_s: float | None = None) -> LimitSeen:
    at = None if reset_s is None else NOON + timedelta(seconds=reset_s)
    return LimitSeen(limit=limit, remaining=remaining, resets_at=at, window_s=window_s)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"Retry-After": "5", "Date": "Tue, 12 May 2026 09:30:00 GMT"}, None),
        ({"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "50", "X-RateLimit-Reset": "5"}, seen(100, 50, 5)),
        ({"x-ratelimit-limit": "100", "X-RATELIMIT-REMAINING": " 0 "}, seen(100, 0, None)),
        ({"X-Rate-Limit-Limit": "9", "X-Rate-Limit-Remaining": "8", "X-Rate-Limit-Reset": "7"}, seen(9, 8, 7)),
        ({"RateLimit-Limit": "100", "RateLimit-Remaining": "50", "RateLimit-Reset": "0.5"}, seen(100, 50, 0.5)),
        ({"RateLimit-Limit": "100, 100;w=60", "RateLimit-Remaining": "50"}, seen(100, 50, None, 60)),
        ({"X-RateLimit-Limit": "10", "X-RateLimit-Reset": str(EPOCH + 40)}, seen(10, None, 40)),
        ({"X-RateLimit-Limit": "10", "X-RateLimit-Reset": str(EPOCH * 1000 + 1500)}, seen(10, None, 1.5)),
        ({"X-RateLimit-Limit": "10", "X-RateLimit-Reset": "Tue, 12 May 2026 09:31:00 GMT"}, seen(10, None, 60)),
        ({"X-RateLimit-Limit": "10", "X-RateLimit-Reset": "Tue, 12 May 2026 09:00:00 GMT"}, seen(10, None, 0)),
        ({"RateLimit": '"default";r=50;t=30', "RateLimit-Policy": '"default";q=100;w=60'}, seen(100, 50, 30, 60)),
        ({"RateLimit": "default; r=50; t=30", "RateLimit-Policy": "default; q=100; w=60"}, seen(100, 50, 30, 60)),
        (
            {
                "RateLimit": '"burst";r=9;t=1, "day";r=4;t=900;pk=:YQ==:',
                "RateLimit-Policy": '"burst";q=10;w=1,"day";q=5000;w=86400;qu="requests"',
            },
            seen(5000, 4, 900, 86400),
        ),
        ({"RateLimit-Policy": "100;w=60"}, seen(100, None, None, 60)),
        ({"RateLimit": "limit=100, remaining=50, reset=5"}, seen(100, 50, 5)),
        ({"RateLimit": "limit=100,remaining=0"}, seen(100, 0, None)),
        ({"X-RateLimit-Limit": "0"}, None),
        ({"X-RateLimit-Limit": "many", "X-RateLimit-Remaining": "-1", "X-RateLimit-Reset": "soon"}, None),
        ({"X-RateLimit-Limit": "10.5", "X-RateLimit-Remaining": "٣"}, None),
        ({"X-RateLimit-Limit": "9" * 5000}, None),
        (
            {"X-RateLimit-Limit": "600", "X-RateLimit-Remaining": "3", "RateLimit": '"second";r=0;t=1'},
            seen(None, 0, 1),
        ),
    ],
)
def test_every_family_is_read_and_garbage_says_nothing(headers: dict[str, str], expected: LimitSeen | None) -> None:
    assert read_limits(Answer(status=200, headers=headers), NOON) == expected


names = st.sampled_from(["RateLimit", "RateLimit-Policy", "RateLimit-Limit", "X-RateLimit-Reset", "X-Rate-Limit-Limit"])


@given(headers=st.dictionaries(names, st.text() | st.from_regex(r'["a-z0-9;=,. ]*')))
def test_no_header_whatever_breaks_the_reading(headers: dict[str, str]) -> None:
    found = read_limits(Answer(status=200, headers=headers), NOON)
    assert found is None or found.limit is None or found.limit > 0


@given(text=st.text() | st.datetimes().map(str))
def test_a_moment_is_never_past_nor_far(text: str) -> None:
    found: datetime | None = read_moment(text, NOON)
    assert found is None or NOON <= found <= NOON + timedelta(days=1)
