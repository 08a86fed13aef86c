"""docs/conformance.md is what the cases make it."""

from tests.conformance.table import PAGE, page


def test_the_page_is_up_to_date() -> None:
    assert page() == PAGE.read_text("utf-8"), "write it anew: .venv/bin/python -m tests.conformance.table"
