"""Rules with `operation`: any operation that writes, checked when the file is loaded and again for each event."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis.strategies import (
    booleans,
    dictionaries,
    floats,
    integers,
    lists,
    none,
    recursive,
    text,
)

from bridge.alvaria.limits import Limits
from bridge.alvaria.operations import OPERATIONS
from bridge.alvaria.schemas import takes
from bridge.documents import load
from bridge.errors import Problem
from bridge.mappings.preview import Ask, api_request
from bridge.mappings.rules import Mapping
from bridge.mappings.schema import read_mapping
from bridge.mappings.schema.operation_checks import BY_OTHER_RULES, WRITING
from bridge.mappings.translate import Past, Translation, translate
from bridge.model import Delivery, Event, Outcome, OutcomeKind, Stop
from tests.words import NOON

Read = Callable[[str], tuple[Mapping | None, list[Problem]]]
MappingOf = Callable[..., Mapping]
EventOf = Callable[..., Event]
Translated = Callable[..., Translation]

ONCE = 'once: {per: "{{ event.id }}"}'
SOURCE = "source: {name: crm, preset: generic, secrets: {api_key: [a-key-for-tests]}}"

CALLBACK = """
  - name: callback
    operation:
      id: campaign.upsertCallback
      body:
        workTypeId: {id_of: Sales callbacks, by: provisioning.listWorkTypes}
        phoneNumber: "{{ record.phone }}"
        callbackDateTime: "{{ record.at }}"
        callbackType: "{{ record.type | default('ServiceLevel') }}"
        userId: "{{ record.agent | default(null) }}"
        numberType: "{{ record.kind | default(null) | int if record.kind is defined else null }}"
        userDefinedData: ["{{ record.name | default(null) }}", "{{ event.id }}"]
"""
VALUES = recursive(
    none() | booleans() | integers() | floats() | text(),
    lambda inner: lists(inner, max_size=3) | dictionaries(text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
ANY = f"""
version: 1
{SOURCE}
rules:
  - name: member
    operation:
      id: campaign.updateListFilter
      params: {{listId: "{{{{ record.a }}}}"}}
      body: {{version: "{{{{ record.a }}}}"}}
  - name: body
    {ONCE}
    operation: {{id: campaign.createExclusion, body: "{{{{ record.a }}}}"}}
  - name: item
    {ONCE}
    operation:
      id: campaign.createExclusion
      body: {{accountControlItems: ["{{{{ record.a }}}}"]}}
  - name: name
    operation:
      id: campaign.deleteFilter
      params: {{filterId: {{id_of: "{{{{ record.a }}}}", by: campaign.listFilters}}}}
  - name: text
    operation: {{id: campaign.deleteFilter, params: {{filterId: "x{{{{ record.a }}}}"}}}}
  - name: foreign
    operation: {{id: campaign.deleteFilter, params: {{filterId: "{{{{ record.named }}}}"}}}}
"""
ASK = Ask(at=None, limits=Limits(), org_id="o")
ASSIGN = """
  - name: assign
    operation: {{id: campaign.updateListFilter, params: {{listId: {list}}}, body: {{version: {version}}}}}
"""
RECORD = {"phone": "2125550123", "at": "2026-05-12T13:30:00.000Z"}


@pytest.fixture
def outcome_of(mapping_of: MappingOf, event_of: EventOf, translated: Translated) -> Callable[..., Outcome]:
    def outcome_of(rules: str, record: dict[str, Any] | None = None, **event: Any) -> Outcome:
        (outcome,) = translated(mapping_of(rules), event_of(record, **event)).outcomes
        return outcome

    return outcome_of


def only(outcome: Outcome) -> Delivery:
    assert outcome.kind is OutcomeKind.TRANSLATED, outcome.reason
    (delivery,) = outcome.deliveries
    return delivery


# What is made


def test_templates_may_stand_anywhere_and_keep_the_kind_of_their_value(outcome_of: Callable[..., Outcome]) -> None:
    delivery = only(outcome_of(CALLBACK, {**RECORD, "kind": "2", "name": "Ada"}))
    assert delivery.operation == "campaign.upsertCallback"
    assert delivery.body == {
        "workTypeId": {"id_of": "Sales callbacks", "by": "provisioning.listWorkTypes"},
        "phoneNumber": "2125550123",
        "callbackDateTime": "2026-05-12T13:30:00.000Z",
        "callbackType": "ServiceLevel",
        "numberType": 2,
        "userDefinedData": ["Ada", "31"],
    }
    assert delivery.params == {}
    assert delivery.repeatable
    assert delivery.customers == ("7",)


def test_null_leaves_a_member_and_an_item_out_and_empty_text_does_not(outcome_of: Callable[..., Outcome]) -> None:
    body = only(outcome_of(CALLBACK, {**RECORD, "name": None, "agent": ""})).body
    assert body["userId"] == ""
    assert "numberType" not in body
    assert body["userDefinedData"] == ["31"]


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ('"{{ record.n }}"', 7),
        ('"{{ record.n / 1 }}"', 7),
        ("\"{{ '7' | number }}\"", 7),
        ('"{{ [7.0, null] | first }}"', 7),
        ("7", 7),
    ],
)
def test_whole_numbers_stay_whole(outcome_of: Callable[..., Outcome], written: str, sent: object) -> None:
    rule = ASSIGN.format(list="1", version=written)
    version = only(outcome_of(rule, {"n": 7})).body["version"]
    assert (version, type(version)) == (sent, int)


@pytest.mark.parametrize(
    ("extra", "key"),
    [
        ("", "campaign.deleteFilter:crm:7"),
        (', order_by: "{{ record.team }}"', "crm:north"),
        (', order_by: "{{ record.none }}"', ""),
    ],
)
def test_what_goes_in_order(outcome_of: Callable[..., Outcome], extra: str, key: str) -> None:
    rule = f'  - {{name: r, operation: {{id: campaign.deleteFilter, params: {{filterId: "4"}}{extra}}}}}'
    assert only(outcome_of(rule, {"team": "north", "none": None})).order_key == key


@pytest.mark.parametrize(
    ("id_", "said", "is_repeatable"),
    [
        ("campaign.pauseJob", "", False),
        ("campaign.pauseJob", ", repeatable: true", True),
        ("campaign.deleteFilter", "", True),
        ("campaign.deleteFilter", ", repeatable: false", False),
    ],
)
def test_whether_it_may_be_repeated_is_the_contracts_word_unless_the_rule_has_one(
    outcome_of: Callable[..., Outcome], id_: str, said: str, is_repeatable: bool
) -> None:
    name = "jobId" if "Job" in id_ else "filterId"
    rule = f'  - {{name: r, {ONCE}, operation: {{id: {id_}, params: {{{name}: "4"}}{said}}}}}'
    assert only(outcome_of(rule)).repeatable is is_repeatable


# What an event's request is rejected for


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({}, "body.phoneNumber: {{ record.phone }}: record.phone is missing; test it with 'is defined' or give it a"),
        ({}, "body.callbackDateTime: {{ record.at }}: record.at is missing"),
        ({**RECORD, "phone": None}, "body.phoneNumber: is missing; add it"),
        (
            {**RECORD, "phone": 2125550123},
            "body.phoneNumber: must be text, not a number; put it in quotes, or use | st",
        ),
        ({**RECORD, "at": "tomorrow"}, "body.callbackDateTime: must be a time with its zone, such as 2026-05-12T09:30"),
        ({**RECORD, "at": "2026-05-12T13:30:00"}, "body.callbackDateTime: must be a time with its zone"),
        ({**RECORD, "type": "Anybody"}, "body.callbackType: must be one of ServiceLevel, SameAgent"),
        ({**RECORD, "type": "SameAgent"}, "body: callbackType must be ServiceLevel, or userId is missing; add it"),
        ({**RECORD, "name": 7}, "body.userDefinedData[0]: must be text, not a number"),
    ],
)
def test_what_does_not_fit_the_contract_is_rejected_by_member_and_without_values(
    outcome_of: Callable[..., Outcome], record: dict[str, Any], reason: str
) -> None:
    outcome = outcome_of(CALLBACK, record)
    assert outcome.kind is OutcomeKind.REJECTED
    assert reason in outcome.reason
    assert not any(value in outcome.reason for value in ("2125550123", "tomorrow", "Anybody"))


def test_all_that_is_wrong_is_told_at_once(outcome_of: Callable[..., Outcome]) -> None:
    outcome = outcome_of(CALLBACK, {"at": "tomorrow", "type": "Anybody", "name": 7})
    assert outcome.reason.count("; body.") == 3


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("", "params.filterId: is empty text; give it a value or leave it out"),
        (None, "params.filterId: is missing; add it"),
        ([1], "params.filterId: must be text, not a list"),
        ("4", ""),
        (4, ""),
    ],
)
def test_a_parameter_is_text_or_a_number(outcome_of: Callable[..., Outcome], value: object, reason: str) -> None:
    rule = '  - {name: r, operation: {id: campaign.deleteFilter, params: {filterId: "{{ record.id }}"}}}'
    assert outcome_of(rule, {"id": value}).reason == reason


def test_an_empty_name_is_no_name(outcome_of: Callable[..., Outcome]) -> None:
    named = '{id_of: "{{ record.list }}", by: campaign.listLists}'
    rule = ASSIGN.format(list=named, version=1)
    assert (
        outcome_of(rule, {"list": ""}).reason
        == "params.listId.id_of: is no name; give the name or id as Alvaria knows it"
    )
    assert only(outcome_of(rule, {"list": 4711})).params == {"listId": {"id_of": "4711", "by": "campaign.listLists"}}


def test_a_look_up_may_need_parameters_and_may_give_a_code(outcome_of: Callable[..., Outcome]) -> None:
    members = '{id_of: Ada, by: provisioning.listTeamMembers, params: {teamId: "{{ record.team }}"}}'
    types = "{id_of: Mobile, by: campaign.listNumberTypes, as: code}"
    rule = CALLBACK.replace('"{{ record.agent | default(null) }}"', members)
    rule = rule.replace('"{{ record.kind | default(null) | int if record.kind is defined else null }}"', types)
    body = only(outcome_of(rule, {**RECORD, "team": "north"})).body
    assert body["userId"] == {"id_of": "Ada", "by": "provisioning.listTeamMembers", "params": {"teamId": "north"}}
    assert body["numberType"] == {"id_of": "Mobile", "by": "campaign.listNumberTypes", "as": "code"}
    found = api_request(only(outcome_of(rule, {**RECORD, "team": "north"})), ASK)
    assert found["body"]["numberType"] == '{code of "Mobile"}'


@settings(max_examples=150)
@given(VALUES)
def test_no_value_of_a_record_makes_a_translation_fail(value: Any) -> None:
    """Nor a look-up that the mapping does not ask for."""
    mapping, problems = read_mapping(load(ANY, "crm.yaml"), ANY, layouts={}, env={}, limits=Limits())
    assert mapping
    assert not [one for one in problems if one.severity == "error"]
    event = Event(
        source="crm",
        type="a",
        record_id="7",
        crm_id="31",
        dedup_key="31",
        occurred_at=NOON,
        received_at=NOON,
        record={"a": value, "named": {"id_of": value, "by": "campaign.listLists"}},
    )
    outcomes = translate(mapping, event, past=Past(), now=NOON, limits=Limits()).outcomes
    assert all(one.kind in (OutcomeKind.TRANSLATED, OutcomeKind.REJECTED) for one in outcomes)
    assert outcomes[-1].kind is OutcomeKind.REJECTED


def test_a_records_own_maps_are_no_names_to_be_looked_up(outcome_of: Callable[..., Outcome]) -> None:
    rule = '  - {name: r, operation: {id: campaign.deleteFilter, params: {filterId: "{{ record.id }}"}}}'
    outcome = outcome_of(rule, {"id": {"id_of": "x", "by": "campaign.listLists"}})
    assert outcome.reason.startswith("params.filterId: holds a map of id_of and by; write that into the mapping")


# What is told when the file is loaded


@pytest.mark.parametrize(
    ("operation", "path", "message"),
    [
        (
            "{id: campaign.upsertCalback}",
            ".id",
            "there is no operation 'campaign.upsertCalback', did you mean 'campaign.up",
        ),
        ("{id: campaign.getList, params: {listId: 1}}", ".id", "campaign.getList only reads, and a rule is for what"),
        ("{id: contextCookies.upsertSettings}", ".id", "is done by `settings`"),
        ("{id: contextCookies.deleteSettings}", ".id", "and by `forget`"),
        ("{body: {}}", ".id", "is missing; add it"),
        ("{id: campaign.deleteFilter}", ".params.filterId", "is missing; add it"),
        ("{id: campaign.deleteFilter, params: [a]}", ".params", "is not a map of keys and values"),
        (
            "{id: campaign.deleteFilter, params: {filtrId: a, filterId: b}}",
            ".params.filtrId",
            "did you mean 'filterId'?",
        ),
        ("{id: campaign.deleteFilter, params: {filterId: b}, body: {}}", ".body", "takes none; leave it out"),
        ("{id: campaign.createFilter, repeatable: true}", ".body", "is missing; add it"),
        ("{id: campaign.createFilter, repeatable: true, body: null}", ".body", "is empty; give it a value"),
        (
            "{id: campaign.createFilter, repeatable: perhaps, body: {filterName: a, filterCriteria: b}}",
            ".repeatable",
            "nor",
        ),
        (
            "{id: campaign.createFilter, repeatable: true, body: {filterName: a}}",
            ".body.filterCriteria",
            "is missing; add",
        ),
        (
            "{id: campaign.createFilter, repeatable: true, body: {filterName: 7, filterCriteria: b}}",
            ".body.filterName",
            "must be text, not a number; put it in quotes",
        ),
        (
            "{id: campaign.createFilter, repeatable: true, body: {filterName: a, filterCriteria: b, schemaID: c}}",
            ".body.schemaID",
            "is no member of it, did you mean 'schemaId'?",
        ),
        (
            "{id: campaign.createFilter, repeatable: true, body: {filterName: null, filterCriteria: b}}",
            ".body.filterName",
            "is empty; give it a value or leave it out",
        ),
        (
            "{id: campaign.updateListFilter, params: {listId: one}, body: {version: 1}}",
            ".params.listId",
            "must be a whole number, not text",
        ),
        (
            "{id: campaign.updateListFilter, params: {listId: {id_of: Hot, by: campaign.listList}},"
            " body: {version: 1}}",
            ".params.listId.by",
            "'campaign.listList' lists nothing by its name, did you mean 'campaign.listLists'?",
        ),
        (
            "{id: campaign.updateListFilter, params: {listId: {id_of: '', by: campaign.listLists}},"
            " body: {version: 1}}",
            ".params.listId.id_of",
            "is empty; give the name",
        ),
        (
            "{id: campaign.pauseJob, params: {jobId: {id_of: A, by: provisioning.listTeamMembers}}}",
            ".params.jobId.params.teamId",
            "is missing; add it",
        ),
        (
            "{id: campaign.pauseJob, params: {jobId: {id_of: A, by: campaign.listLists, as: code}}}",
            ".params.jobId.as",
            "campaign.listLists gives no such thing",
        ),
        (
            "{id: campaign.createExclusion, repeatable: true, body: {accountControlItems: [{contactType: 9}]}}",
            ".body.accountControlItems[0].contactType",
            "must be one of 0 (Account), 1 (Voice), 2 (Email)",
        ),
        (
            "{id: campaign.createExclusion, repeatable: true, body: {accountControlItems: []}}",
            ".body.accountControlItems",
            "has fewer items than 1",
        ),
        (
            "{id: campaign.upsertCallback, body: {workTypeId: '3.18', phoneNumber: '1', callbackType: ServiceLevel,"
            " callbackDateTime: 2026-05-12T09:30:00Z}}",
            ".body.workTypeId",
            "must fit the pattern ^[^.]+$; The work type's id",
        ),
    ],
)
def test_a_mistake_is_told_at_its_place_before_any_event_is_there(
    read: Read, operation: str, path: str, message: str
) -> None:
    mapping, problems = read(f"version: 1\n{SOURCE}\nrules:\n  - name: r\n    {ONCE}\n    operation: {operation}\n")
    assert [(one.path, one.line) for one in problems if one.severity == "error"] == [(f"rules[0].operation{path}", 6)]
    assert message in problems[0].message
    assert mapping is not None
    assert mapping.rules is None


def test_each_member_has_its_own_line(read: Read) -> None:
    _, problems = read(
        f"version: 1\n{SOURCE}\nrules:{CALLBACK.replace('phoneNumber', 'phone').replace('Sales callb', '')}"
    )
    assert [str(problem) for problem in problems] == [
        "crm.yaml:7: rules[0].operation.body.phoneNumber: is missing; add it",
        "crm.yaml:9: rules[0].operation.body.phone: is no member of it, did you mean 'phoneNumber'?",
    ]


def test_what_must_not_be_repeated_needs_a_once(read: Read) -> None:
    rule = "{name: r, operation: {id: campaign.pauseJob, params: {jobId: '4'}SAID}}"
    for said, count in (("", 1), (", repeatable: true", 0), (", repeatable: false", 1)):
        _, problems = read(f"version: 1\n{SOURCE}\nrules:\n  - {rule.replace('SAID', said)}\n")
        assert ["needs a `once`" in problem.message for problem in problems] == [True] * count


def test_a_deprecated_operation_is_a_warning_that_names_what_replaces_it(read: Read) -> None:
    rule = "{name: r, operation: {id: campaign.deleteExclusion, params: {exclusionId: 4}}}"
    mapping, [problem] = read(f"version: 1\n{SOURCE}\nrules:\n  - {rule}\n")
    assert problem.severity == "warning"
    assert "DELETE /via/v3/organizations/{orgId}/compliance/exclusions/{exclusionId}" in problem.message
    assert mapping is not None
    assert mapping.rules


# Every operation


PLAIN = {"string": "text", "integer": 1, "number": 1, "boolean": True}


def example(schema: Any) -> Any:
    """The largest value that the schema describes: every member, once."""
    if "oneOf" in schema:
        return example(schema["oneOf"][0])
    if schema.get("format") == "date-time":
        return "2026-05-12T09:30:00.000Z"
    if schema["type"] == "object":
        return {name: example(one) for name, one in schema["properties"].items()}
    if schema["type"] == "array":
        return [example(schema["items"])]
    return schema.get("enum", [PLAIN[schema["type"]]])[0]


def test_every_operation_that_writes_can_be_named_and_no_other() -> None:
    assert {name for name, one in OPERATIONS.items() if one.method != "GET"} == WRITING.keys() | BY_OTHER_RULES.keys()


@pytest.mark.parametrize("name", WRITING)
def test_a_whole_request_of_every_operation_that_writes_is_made(name: str, outcome_of: Callable[..., Outcome]) -> None:
    wanted = takes(name)
    params = {one: example(schema) for one, schema in wanted.params.items()}
    body = example(wanted.body) if wanted.body else None
    operation = {"id": name, "params": params, **({"body": body} if body else {})}
    rule = f"  - {{name: r, {ONCE}, operation: {json.dumps(operation)}}}"
    delivery = only(outcome_of(rule))
    assert (delivery.params, delivery.body) == (params, body)
    found = api_request(delivery, ASK)
    assert found["body"] == body
    assert "{" not in found["path"]


@pytest.mark.parametrize("name", [name for name in WRITING if takes(name).body])
def test_the_same_from_an_event_as_a_whole(name: str, outcome_of: Callable[..., Outcome]) -> None:
    wanted = takes(name)
    params = {one: f"{{{{ record.params['{one}'] }}}}" for one in wanted.params}
    operation = {"id": name, "params": params, "body": "{{ record.body }}"}
    rule = f"  - {{name: r, {ONCE}, operation: {json.dumps(operation)}}}"
    given = {one: example(schema) for one, schema in wanted.params.items()}
    body = example(wanted.body)
    assert only(outcome_of(rule, {"params": given, "body": body})).body == body
    refused = outcome_of(rule, {"params": given, "body": {**body, "surplus": 1}})
    assert refused.reason.startswith("body.surplus: is no member of it")


# Previews


def test_a_preview_shows_names_as_names_and_with_look_ups_as_ids(outcome_of: Callable[..., Outcome]) -> None:
    delivery = only(outcome_of(CALLBACK, RECORD))
    plain = api_request(delivery, ASK)
    assert plain["body"]["workTypeId"] == '{id of "Sales callbacks"}'

    def resolve(params: Any, operation_id: str) -> Any:
        return {name: "3.18" if isinstance(value, dict) else value for name, value in params.items()}

    found = api_request(delivery, replace(ASK, resolve=resolve))
    assert found["body"]["workTypeId"] == "18"


def test_a_header_of_its_own_is_shown(outcome_of: Callable[..., Outcome]) -> None:
    params = '{automationScriptId: 4, via-client-sessionid: "abc"}'
    rule = f"  - {{name: r, {ONCE}, operation: {{id: campaign.startAutomationScript, params: {params}}}}}"
    found = api_request(only(outcome_of(rule)), ASK)
    assert found["headers"] == {"via-client-sessionid": "abc"}
    assert found["path"].endswith("/automationScripts/4/start")


# What is stopped


STOP = (
    '  - {name: r, forget: true, stops: {customer: "{{ record.phone }}", operations: [campaign.insertFastPathRecords]}}'
)


def test_a_rule_may_stop_what_waits_for_a_customer(
    mapping_of: MappingOf, event_of: EventOf, translated: Translated
) -> None:
    rule = STOP.replace("forget: true", "settings: [{key: crm.dial, content: no}]")
    (outcome,) = translated(mapping_of(rule), event_of({"phone": "+1"})).outcomes
    assert outcome.stop == Stop(customer="+1", operations=("campaign.insertFastPathRecords",))
    (outcome,) = translated(mapping_of(rule), event_of({"phone": None})).outcomes
    assert outcome.reason == "stops.customer: empty; give the id that the deliveries are about"
    assert outcome.stop is None


def test_only_what_writes_can_be_stopped(read: Read) -> None:
    _, [problem] = read(f"version: 1\n{SOURCE}\nrules:\n{STOP.replace('insertFast', 'insertFats')}\n")
    assert problem.path == "rules[0].stops.operations[0]"
    assert "did you mean 'campaign.insertFastPathRecords'?" in problem.message
