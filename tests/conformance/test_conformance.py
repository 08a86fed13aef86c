"""Every operation, every documented status, over a real socket: the answer is as the contract has it."""

from collections.abc import Iterator

import pytest

from tests.conformance.beyond import BEYOND
from tests.conformance.cases import Case, in_xml
from tests.conformance.documented import JSON, OPERATIONS, Operation, Schema, closed, members, problems, shown
from tests.conformance.every import BY_OPERATION, CASES, DOCUMENTED
from tests.conformance.requests import send
from tests.sandbox.client import Client, Got


def bodies(operation: Operation) -> list[Schema]:
    """Of its successes."""
    return [kinds[JSON] for status, kinds in operation.responses.items() if status < 300 and kinds]


LIMIT = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


@pytest.mark.parametrize("id_", OPERATIONS)
def test_every_status_that_is_documented_comes_about_and_its_answer_is_as_documented(
    signed_in: Client, id_: str
) -> None:
    cases = [found for case in BY_OPERATION[id_] for found in (case, *in_xml(case))]
    wrong = [f"{case.name}: {problem}" for case in cases for problem in differences(signed_in, case)]
    assert wrong == []


@pytest.mark.parametrize("id_", [id_ for id_, operation in OPERATIONS.items() if bodies(operation)])
def test_every_member_that_is_documented_of_a_success_is_shown(signed_in: Client, id_: str) -> None:
    told = {place for schema in bodies(OPERATIONS[id_]) for place in members(closed(schema))}
    seen = {
        place
        for case in BY_OPERATION[id_]
        if case.status < 300 and case.operation.responses[case.status]
        for place in shown(answer(signed_in, case).json)
    }
    assert sorted(told - seen) == []


def differences(client: Client, case: Case) -> Iterator[str]:
    got = answer(client, case)
    if got.status != case.status:
        yield f"{got.status}: {got.content[:300]!r}"
        return
    media_type = (got.headers["Content-Type"] or "").partition(";")[0]
    yield from problems(case.operation, got.status, media_type, got.content)
    if got.status >= 400 and media_type == JSON:
        yield from unsaid(got)
    yield from (f"the header {name} is missing" for name in headers(case.operation, got) if name not in got.headers)
    if got.status == 405 and set(got.headers["Allow"].split(", ")) != case.operation.methods:
        yield f"Allow: {got.headers['Allow']}"


def unsaid(got: Got) -> Iterator[str]:
    """No contract demands that an error says something."""
    said = got.json.get("error", got.json)
    if said["code"] != got.status:
        yield f"the code {said['code']}"
    if not all(error["message"] for error in said["errors"]):
        yield "an error without a message"


def answer(client: Client, case: Case) -> Got:
    """Of a fresh sandbox, with the scene set."""
    credentials = dict(client.credentials)
    client.post("/_sandbox/reset")
    case.request.scene(client)
    for _ in range(case.times):
        got = send(client, case.request)
    client.credentials = credentials
    return got


def headers(operation: Operation, got: Got) -> Iterator[str]:
    """Those that the answer must have: what the contract tells, what HTTP wants, and what the limit is told by."""
    yield from operation.headers[got.status]
    yield from LIMIT
    yield from {405: ("Allow",), 429: ("Retry-After",)}.get(got.status, ())


def test_each_documented_status_is_caused_or_has_a_reason_why_it_cannot_be() -> None:
    caused = {(case.operation.id, case.status) for case in CASES}
    beyond = {answer for answers in BEYOND.values() for answer in answers}
    assert sorted(DOCUMENTED - caused - beyond) == []
    assert sorted(beyond - DOCUMENTED) == []
    assert sorted(caused & beyond) == []
    assert sorted(caused - DOCUMENTED) == []
