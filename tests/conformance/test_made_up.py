"""Some of the requests that nobody thought of, the same each time; `make conformance` goes on for longer."""

import pytest

from bridge.sandbox.serve import running
from tests.conformance.documented import OPERATIONS
from tests.conformance.made_up import OPEN, failures

EXAMPLES = 4


@pytest.mark.parametrize("api", sorted({operation.api for operation in OPERATIONS.values()}))
def test_whatever_is_sent_the_answer_is_as_documented(api: str) -> None:
    with running() as sandbox:
        assert list(failures(sandbox.url, examples=EXAMPLES, seeded=1, only=f"{api}.")) == []


def test_what_the_documents_forgot_is_not_in_them() -> None:
    assert [(id_, status) for id_, status in OPEN if status in OPERATIONS[id_].responses] == []
