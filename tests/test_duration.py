"""How mappings write a length of time."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.duration import in_words, parse_duration


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("60s", timedelta(seconds=60)),
        ("30m", timedelta(minutes=30)),
        ("12h", timedelta(hours=12)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(days=14)),
    ],
)
def test_a_length_of_time_is_a_number_and_a_unit(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize("text", ["", "7", 7, None, True, "d", "0d", "-7d", "7 d", "7D", "1.5h", "7d12h", "7y", "٧d"])
def test_anything_else_is_refused_with_an_example(text: object) -> None:
    with pytest.raises(ValueError, match="such as 60s, 30m, 12h, 7d or 2w"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["3661d", "999999999w"])
def test_a_length_that_no_calendar_holds_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="longer than ten years"):
        parse_duration(text)


@given(st.integers(1, 3_660 * 86_400))
def test_a_length_in_words_reads_back_as_the_same(seconds: int) -> None:
    length = timedelta(seconds=seconds)
    assert parse_duration(in_words(length)) == length
