"""Writes docs/conformance.md: python -m tests.conformance.table"""

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.conformance.beyond import BEYOND, SERVERS_OWN
from tests.conformance.cases import CAUSES, ORDERED, Case, in_xml
from tests.conformance.documented import OPERATIONS, Operation
from tests.conformance.every import BY_OPERATION, CASES, DOCUMENTED
from tests.conformance.recipes import RECIPES

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"
TITLES = {
    "contextCookies": "Context Cookies",
    "disposableApp": "Disposable App",
    "campaign": "Campaign",
    "provisioning": "Provisioning",
}
INTRODUCTION = """
    Every operation of the API documents, with every status that its document names. A number says how many different
    requests bring the status about; `make test` sends each of them to the sandbox over a socket. The answer must have
    the documented status, media type and headers, a body that fits the documented schema and has no other member, and
    no body where none is documented; where XML is documented too, the same is asked for in XML. Each member that is
    documented of a success is shown by one of them at least.
"""
CAUSED = """
    Most requests are derived from the contracts: one that is right, changed in one place. Those of an operation's own
    stand in `tests/conformance/recipes.py`.
"""
RANDOM = """
    These requests are those that somebody thought of. `tests/conformance/made_up.py` sends others: Schemathesis
    makes them from the sandbox's own document, `GET /_sandbox/openapi.json`, right ones and wrong ones. The suite does
    it for a minute at most, with the same requests each time; `make conformance` goes on for longer, with new ones each
    time.
"""


def page() -> str:
    """The whole page."""
    parts = [
        "# Conformance",
        prose(INTRODUCTION),
        prose(summary()),
        "## What brings a status about",
        prose(CAUSED),
        rows(["status", "what is wrong", "requests"], causes()),
        prose(RANDOM),
        *(part for api in TITLES for part in (f"## {TITLES[api]}", of_api(api))),
        "## What no request brings about",
        rows(["mark", "why", "answers"], reasons()),
    ]
    return "\n\n".join(parts) + "\n"


def prose(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), 120, break_long_words=False, break_on_hyphens=False)


def rows(heading: Sequence[str], lines: Iterator[Sequence[object]]) -> str:
    written = [heading, ["---"] * len(heading), *lines]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in written)


def summary() -> str:
    requests = sum(1 + len(list(in_xml(case))) for case in CASES)
    own = sum(case.what == ORDERED for case in CASES)
    caused = len(DOCUMENTED) - own - len(MARKS)
    return (
        f"{len(OPERATIONS)} operations document {len(DOCUMENTED)} answers. {caused} of them are brought about by "
        f"{requests} requests; {own} are failures of the server's own, which the sandbox shows where they are ordered "
        f"as a fault (○); {len(MARKS)} are beyond any request, for the reasons at the end of this page. Where a cell "
        "is empty, nothing is documented."
    )


def causes() -> Iterator[Sequence[object]]:
    kinds = dict.fromkeys([(status, what) for status, what, _ in CAUSES])
    for status, what in sorted([*kinds, (429, "the rate limit is used up")]):
        found = [case for case in CASES if case.status == status and case.what.partition(": ")[0] == what]
        yield status, what, len(found)
    own = [case for case in RECIPES if case.status >= 400]
    yield ", ".join(map(str, sorted({case.status for case in own}))), "what an operation has of its own", len(own)


def of_api(api: str) -> str:
    own = [operation for operation in OPERATIONS.values() if operation.api == api]
    statuses = sorted({status for operation in own for status in operation.responses})
    lines = ([f"`{one.name}`", *(cell(one, status) for status in statuses)] for one in own)
    return rows(["operation", *map(str, statuses)], lines)


def cell(operation: Operation, status: int) -> str:
    if status not in operation.responses:
        return ""
    if (operation.id, status) in MARKS:
        return MARKS[operation.id, status]
    found = [case for case in BY_OPERATION[operation.id] if case.status == status]
    return "○" if is_ordered(found) else str(len(found))


def is_ordered(cases: Sequence[Case]) -> bool:
    return all(case.what == ORDERED for case in cases)


def reasons() -> Iterator[Sequence[object]]:
    own = sum(case.what == ORDERED for case in CASES)
    yield "○", SERVERS_OWN, own
    for letter, (reason, answers) in zip(LETTERS, BEYOND.items(), strict=False):
        yield letter, reason, len(answers)


LETTERS = "abcdefgh"
MARKS = {answer: letter for letter, answers in zip(LETTERS, BEYOND.values(), strict=False) for answer in answers}


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
