"""bridge api: any operation, checked, sent and shown; the examples of its document are carried out."""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from shlex import split
from typing import Any

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import Result

from bridge.alvaria.operations import OPERATIONS
from bridge.cli import contracts, main
from bridge.cli.contracts import search
from bridge.wiring import Bridge
from tests.alvaria.scripted import SECRETS, Script, reply, reset, scripted
from tests.cli.conftest import run
from tests.pages import blocks

DOCUMENT = Path(__file__).parents[2] / "docs" / "api.md"
BLOCKS = blocks(DOCUMENT.read_text("utf-8"))
EXAMPLES = [
    pytest.param(asked.text.strip(), told.text, id=asked.text.strip()[:60])
    for asked, told in pairwise(BLOCKS)
    if (asked.language, told.language) == ("sh", "text")
]
LISTS = {
    "contactLists": [
        {"kind": "via#list", "id": 1, "name": "Hot leads"},
        {"kind": "via#list", "id": 2, "name": "Cold leads"},
    ],
    "totalItems": 3,
}
REST = {"contactLists": [{"kind": "via#list", "id": 3, "name": "Old"}], "totalItems": 3}


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Script]:
    """A scripted API that the settings lead to."""
    monkeypatch.chdir(tmp_path)
    with scripted() as running:
        for name, value in {
            "BRIDGE_SANDBOX": "1",
            "ALVARIA_BASE_URL": running.url,
            "ALVARIA_TOKEN_URL": f"{running.url}/token",
            "ALVARIA_ORG_ID": "acme",
            **{f"ALVARIA_{member.upper()}": value for member, value in SECRETS.items()},
        }.items():
            monkeypatch.setenv(name, value)
        yield running


def ask(*arguments: str, **options: Any) -> Result:
    return run("api", *arguments, **options)


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize(("typed", "told"), EXAMPLES)
def test_the_examples_of_the_document_are_true(bridge: Bridge, typed: str, told: str) -> None:
    program, *arguments = split(typed)
    result = run(*arguments)
    assert program == "bridge"
    alvaria = bridge.settings.alvaria
    assert alvaria
    assert lines(result.output.replace(alvaria.base_url, "http://127.0.0.1:8090")) == lines(told)
    assert result.exit_code == (2 if "mending" in told else 1 if "status 409" in told else 0)


def test_the_document_has_examples() -> None:
    assert len(EXAMPLES) == 8


def test_without_an_operation_all_are_listed() -> None:
    result = ask()
    assert result.exit_code == 0
    assert all(f"\n{name} " in result.output for name in OPERATIONS)
    assert "campaign.getExclusion " in result.output
    assert "† Read" in result.output
    assert "† deprecated; bridge api OPERATION_ID --explain" in result.output


def test_the_list_for_programs_has_all_of_each() -> None:
    found = json.loads(ask("--search", "exclusions delete", "--json").output)
    assert [one["id"] for one in found] == ["campaign.deleteExclusion"]
    assert found[0]["deprecated"] is True
    assert found[0]["parameters"] == ["exclusionId"]
    assert "/compliance/exclusions/" in found[0]["replaced_by"]


def test_a_search_is_by_all_words_and_finds_nothing_or_some() -> None:
    assert {one.id for one in search("work TYPES put")} == {one.id for one in search("put types work")}
    assert ask("--search", "teapot").output == "No operation speaks of 'teapot'.\n"


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_every_operation_can_be_explained(operation_id: str) -> None:
    result = ask(operation_id, "--explain")
    assert result.exit_code == 0
    one = OPERATIONS[operation_id]
    assert f"{one.method} {one.path}" in result.output
    assert all(f"param {given.name} " in result.output for given in one.parameters if given.name != "orgId")
    assert ("deprecated; instead: " in result.output) is one.deprecated
    assert ("Not to be repeated blindly" in result.output) is not one.repeatable


def test_a_part_of_a_collection_says_so_and_all_is_all(script: Script) -> None:
    script.acts.extend([reply(200, LISTS), reply(200, LISTS), reply(200, REST)])
    result = ask("campaign.listLists", "--param", "maxResults=2")
    assert lines(result.stdout) == ["id  name", "1   Hot leads", "2   Cold leads"]
    assert result.stderr == "2 of 3; --all shows them all\n"
    result = ask("campaign.listLists", "--param", "maxResults=2", "--all")
    assert lines(result.stdout) == ["id  name", "1   Hot leads", "2   Cold leads", "3   Old"]
    assert result.stderr == ""


def test_all_for_programs_is_a_list(script: Script) -> None:
    script.acts.extend([reply(200, LISTS), reply(200, REST)])
    found = json.loads(ask("campaign.listLists", "--all", "--json").stdout)
    assert [one["id"] for one in found] == [1, 2, 3]


def test_a_number_that_stands_for_a_word_has_it_beside_it(script: Script) -> None:
    script.acts.append(reply(200, {"id": 7, "listType": 2, "status": 9, "filterName": None}))
    found = lines(ask("campaign.getList", "--param", "listId=7").stdout)
    assert [line.split(maxsplit=1) for line in found[1:]] == [
        ["id", "7"],
        ["listType", "2 (FastPath)"],
        ["status", "9"],
        ["filterName"],
    ]


def test_names_in_many_languages_share_a_cell(script: Script) -> None:
    names = [{"locale": "en", "value": "Sales"}, {"locale": "de", "value": "Verkauf"}]
    types = [{"kind": "via#workType", "id": "5H.18", "friendlyName": names, "active": True}]
    script.acts.append(reply(200, {"workTypes": types, "totalItems": 1}))
    found = lines(ask("provisioning.listWorkTypes").stdout)
    assert found[0].split()[:2] == ["id", "friendlyName"]
    assert found[1].startswith("5H.18  Sales / Verkauf")


def test_an_empty_collection_is_told_by_its_name(script: Script) -> None:
    script.acts.append(reply(200, {"workTypes": [], "totalItems": 0}))
    assert ask("provisioning.listWorkTypes").stdout == "No work types.\n"


@pytest.mark.parametrize("how", ["text", "file", "stdin"])
def test_a_body_comes_as_text_from_a_file_or_standard_input(script: Script, tmp_path: Path, how: str) -> None:
    body = '{"version": 3, "filterName": "Zoë"}'
    (tmp_path / "body.json").write_text(body, "utf-8")
    given = {"text": body, "file": f"@{tmp_path}/body.json", "stdin": "-"}[how]
    result = ask("campaign.updateListFilter", "--param", "listId=7", "--body", given, input=body)
    assert (result.exit_code, result.stdout) == (0, "Done: status 204.\n")
    assert json.loads(script.requests[0].body) == {"version": 3, "filterName": "Zoë"}
    assert script.requests[0].method == "PATCH"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["campaign.listList"], "there is no operation 'campaign.listList', did you mean 'campaign.listLists'?"),
        (["campaign.getList"], "bridge: param listId: is missing; give it\n"),
        (["campaign.getList", "--param", "listId"], "--param listId: write it as NAME=VALUE"),
        (["campaign.getList", "--param", "listId=1", "--param", "listId=2"], "--param listId: stands twice"),
        (["campaign.upsertCallback", "--body", "{"], "--body: no JSON: "),
        (["campaign.upsertCallback", "--body", "@none.json"], "--body: none.json cannot be read (FileNotFoundError)"),
        (["campaign.getList", "--param", "listId=1", "--all"], "its answer is no collection"),
    ],
)
def test_what_is_wrong_is_not_sent(script: Script, arguments: list[str], said: str) -> None:
    result = ask(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert script.requests == []


def test_values_of_a_list_may_be_given_one_by_one(script: Script) -> None:
    script.acts.append(reply(200, {"dispositionRoutingPlans": []}))
    given = ("--param", "channelType=voice", "--param", "channelType=email")
    assert ask("provisioning.listDispositionRoutingPlans", *given).exit_code == 0
    assert script.requests[0].target.endswith("?channelType=voice%2Cemail")


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (reply(404, {"error": {"message": "Not Found"}}), "bridge: campaign.getList: status 404: Not Found.\n"),
        (reply(429, {}, {"Retry-After": "30"}), "bridge: campaign.getList: status 429; try again in 30 s\n"),
        (reset, "bridge: campaign.getList: no answer from "),
    ],
)
def test_a_refusal_is_told_in_the_apis_words(script: Script, act: Any, said: str) -> None:
    script.acts.append(act)
    result = ask("campaign.getList", "--param", "listId=7")
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr


def test_a_refusal_of_a_page_is_told_too(script: Script) -> None:
    script.acts.extend([reply(200, LISTS), reply(500, {"error": {"message": "Broken"}})])
    result = ask("campaign.listLists", "--all")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "campaign.listLists: status 500: Broken." in result.stderr


def test_a_program_gets_the_refusal_as_the_api_gave_it(script: Script) -> None:
    script.acts.append(reply(404, {"error": {"code": 404, "message": "Not Found"}}))
    result = ask("campaign.getList", "--param", "listId=7", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {"error": {"code": 404, "message": "Not Found"}}


def test_a_401_names_the_scopes_that_would_do(script: Script) -> None:
    script.acts.extend([reply(401)] * 2)
    result = ask("provisioning.listTeams")
    assert "one of these scopes: provisioningapi, ConfigurationService; see ALVARIA_SCOPES" in result.stderr


def test_what_may_have_been_carried_out_and_may_not_be_repeated_is_told(script: Script) -> None:
    script.acts.extend([reset, reset])
    doubt = "it may have been carried out: look before you send it again"
    body = '{"accountControlItems": [{"contactType": 1, "endPattern": 0}]}'
    assert doubt in ask("campaign.createExclusion", "--body", body).stderr
    assert doubt not in ask("campaign.getList", "--param", "listId=7").stderr


def test_a_dry_run_sends_nothing_and_shows_no_secret(script: Script) -> None:
    body = '{"version": 3, "filterName": "Open"}'
    given = ("campaign.updateListFilter", "--param", "listId=7", "--body", body, "--dry-run")
    shown, for_programs = ask(*given), ask(*given, "--json")
    assert shown.exit_code == for_programs.exit_code == 0
    assert (script.requests, script.token_requests) == ([], [])
    assert not [secret for secret in SECRETS.values() if secret in shown.output + for_programs.output]
    found = json.loads(for_programs.stdout)
    assert (found["method"], found["body"]["version"]) == ("PATCH", 3)
    assert found["url"] == f"{script.url}/via/v2/organizations/acme/campaign/lists/7"


def test_a_request_that_the_contract_does_not_allow_is_sent_when_it_must_be(script: Script) -> None:
    body = '{"settings": [], "more": 1}'
    assert ask("contextCookies.upsertSettings", "--body", body).exit_code == 2
    assert ask("contextCookies.upsertSettings", "--body", body, "--unchecked").exit_code == 0
    assert len(script.requests) == 1


def completed(arguments: list[str], incomplete: str) -> list[str]:
    shell = ShellComplete(main, {}, "bridge", "_BRIDGE_COMPLETE")
    return [item.value for item in shell.get_completions(arguments, incomplete)]


def test_the_shell_completes_operations_and_their_parameters() -> None:
    assert completed(["api"], "campaign.listS") == ["campaign.listStrategies", "campaign.listSchemaDefinitions"]
    assert completed(["api", "campaign.listLists", "--param"], "l") == ["listType="]
    assert "listId=" in completed(["api", "campaign.getList", "--param"], "")
    assert completed(["api", "--param"], "l") == []


def test_an_unknown_operation_has_no_parameters_to_complete() -> None:
    context = click.Context(main)
    context.params["operation_id"] = "nothing.atAll"
    assert contracts.parameter_names(context, click.Option(["--param"]), "") == []
