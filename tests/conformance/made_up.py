"""Requests that nobody thought of: made at random from the sandbox's own document, right ones and wrong ones.

python -m tests.conformance.made_up [--examples 50] [--seed 7] [--only campaign.]
"""

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from bridge.sandbox.serve import running
from tests.conformance.requests import IDS, USUAL
from tests.sandbox.client import Client

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

NOTHING_TOLD = ("provisioning.replaceUserHiddenWorkTypes", "provisioning.replaceWorkTypeWorkHandlers")
OPEN = {
    *((id_, status) for id_ in NOTHING_TOLD for status in (400, 401, 404, 405, 409, 429)),
    ("provisioning.replaceWorkTypeEmailTemplates", 409),
    ("provisioning.replaceUserSkills", 409),
}
"""What the documents forgot: operations that name no error at all, and versions without a conflict."""


def failures(url: str, *, examples: int, seeded: int, only: str = "") -> Iterator[str]:
    """What the sandbox at `url` answered and its document does not have; `examples` for each way with an operation."""
    client = Client(url)
    client.sign_in()
    with closing(client.connection):
        document = client.get("/_sandbox/openapi.json").json
        schema = schemathesis.openapi.from_dict(without_broken_formats(document))
        schema.config.update(base_url=url)
        for operation in (found.ok() for found in schema.get_all_operations()):
            if name_of(operation).startswith(only):
                for strategy in ways(operation):
                    yield from of_operation(client, operation, strategy, examples, seeded)


def without_broken_formats(node: Any) -> Any:
    """Where the vendor's own examples break a format, `x-also-seen` says so."""
    if isinstance(node, list):
        return [without_broken_formats(each) for each in node]
    if not isinstance(node, dict):
        return node
    kept = {name: value for name, value in node.items() if name != "format" or "x-also-seen" not in node}
    return {name: without_broken_formats(value) for name, value in kept.items()}


def name_of(operation: Any) -> str:
    return str(operation.definition.raw["operationId"])


def ways(operation: Any) -> list[Any]:
    """Right values and wrong ones; and right ones for what the sandbox has, since others end with a 404."""
    known = {name: USUAL[name_of(operation)].ids[name] for name in IDS if f"{{{name}}}" in operation.path}
    return [
        operation.as_strategy(generation_mode=GenerationMode.POSITIVE, path_parameters=known),
        operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
        operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
    ]


def of_operation(client: Client, operation: Any, strategy: Any, examples: int, seeded: int) -> list[str]:
    said: dict[str, None] = {}

    @seed(seeded)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def ask(case: Case) -> None:
        response = case.call(headers=client.credentials)
        try:
            case.validate_response(response, checks=CHECKS)
        except FailureGroup as group:
            if (name_of(operation), response.status_code) not in OPEN:
                said.update((sentence(case, failure), None) for failure in group.exceptions)

    client.post("/_sandbox/reset")
    ask()
    return list(said)


def sentence(case: Case, failure: Any) -> str:
    return f"{name_of(case.operation)}: {failure.title}: {failure.message}\n  {case.as_curl_command()}"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=50, help="for each of three ways with each operation")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="the same requests as another time")  # noqa: S311
    parser.add_argument("--only", default="", help="operations whose names begin so")
    asked = parser.parse_args(arguments)
    sys.stdout.write(f"seed {asked.seed}\n")
    with running() as sandbox:
        found = list(failures(sandbox.url, examples=asked.examples, seeded=asked.seed, only=asked.only))
    sys.stdout.write("\n".join([*found, f"{len(found)} answers are not as documented", ""]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
