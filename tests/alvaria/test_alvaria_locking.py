"""Nobody's change is overwritten by one who did not see it."""

import json
from typing import Any

import pytest
from scripted import Script, reply

from bridge.alvaria.client import Client
from bridge.errors import BadRequest, Refused

FILTER = {
    "kind": "via#filter", "id": "7", "version": 3, "filterName": "Open", "filterCriteria": "WHERE a = 1",
    "filterDescription": "", "lastModifiedDate": "2026-05-12T09:30:00Z",
}  # fmt: skip
CONFLICT = reply(409, {"error": {"message": "Conflict"}})
READ, WRITE = "campaign.getFilter", "campaign.replaceFilter"
PARAMS = {"filterId": "7"}


def renamed(found: Any) -> Any:
    return {**found, "filterName": f"{found['filterName']}!"}


def bodies(script: Script) -> list[Any]:
    return [json.loads(seen.body) for seen in script.requests if seen.body]


def test_what_was_read_is_written_back_changed_with_its_version(client: Client, script: Script) -> None:
    script.acts.extend([reply(200, FILTER), reply(200, FILTER)])
    assert client.change(READ, WRITE, PARAMS, renamed).status == 200
    assert bodies(script) == [
        {"version": 3, "filterName": "Open!", "filterCriteria": "WHERE a = 1", "filterDescription": ""}
    ]


def test_a_conflict_is_read_and_changed_anew(client: Client, script: Script) -> None:
    newer = {**FILTER, "version": 4, "filterName": "Shut"}
    script.acts.extend([reply(200, FILTER), CONFLICT, reply(200, newer), reply(200, newer)])
    assert client.change(READ, WRITE, PARAMS, renamed).status == 200
    assert [(body["version"], body["filterName"]) for body in bodies(script)] == [(3, "Open!"), (4, "Shut!")]


def test_after_so_many_conflicts_the_last_is_the_answer(client: Client, script: Script) -> None:
    script.acts.extend([reply(200, FILTER), CONFLICT] * 2)
    answer = client.change(READ, WRITE, PARAMS, renamed, attempts=2)
    assert (answer.status, answer.message, len(script.requests)) == (409, "Conflict.", 4)


def test_another_refusal_is_not_tried_again(client: Client, script: Script) -> None:
    script.acts.extend([reply(200, FILTER), reply(422, {"error": {"message": "No"}})])
    assert client.change(READ, WRITE, PARAMS, renamed).status == 422
    assert len(script.requests) == 2


def test_what_cannot_be_read_is_not_written(client: Client, script: Script) -> None:
    script.acts.append(reply(404, {"error": {"message": "Not Found"}}))
    with pytest.raises(Refused, match=r"campaign\.getFilter: it was refused, status 404: Not Found"):
        client.change(READ, WRITE, PARAMS, renamed)
    assert len(script.requests) == 1


def test_members_of_members_that_cannot_be_written_are_left_out(client: Client, script: Script) -> None:
    skill = {"kind": "via#userSkill", "id": "s1", "levelId": "2", "friendlyName": [{"locale": "en", "value": "Dutch"}]}
    found = {"kind": "via#userSkillList", "version": 5, "userSkills": [skill], "totalItems": 1}
    script.acts.extend([reply(200, found), reply(200, found)])

    def with_french(found: Any) -> Any:
        return {**found, "userSkills": [*found["userSkills"], {"id": "s2", "levelId": "1"}]}

    client.change("provisioning.listUserSkills", "provisioning.replaceUserSkills", {"userId": "u"}, with_french)
    assert bodies(script) == [
        {"version": 5, "userSkills": [{"id": "s1", "levelId": "2"}, {"id": "s2", "levelId": "1"}]}
    ]


def test_a_member_that_nobody_knows_is_a_mistake_and_not_left_out(client: Client, script: Script) -> None:
    script.acts.append(reply(200, FILTER))
    with pytest.raises(BadRequest, match=r"body\.fliterName: there is no such member, did you mean 'filterName'"):
        client.change(READ, WRITE, PARAMS, lambda found: {**found, "fliterName": "x"})
    assert len(script.requests) == 1


def test_what_was_read_is_not_changed_in_place_between_attempts(client: Client, script: Script) -> None:
    script.acts.extend([reply(200, FILTER), CONFLICT, reply(200, FILTER), reply(200, FILTER)])

    def shout(found: Any) -> Any:
        found["filterName"] += "!"
        found["version"] = 99
        return found

    client.change(READ, WRITE, PARAMS, shout)
    assert [(body["version"], body["filterName"]) for body in bodies(script)] == [(3, "Open!"), (3, "Open!")]


def test_an_operation_without_a_version_is_no_such_write(client: Client, script: Script) -> None:
    with pytest.raises(BadRequest, match="it takes no version"):
        client.change(READ, "campaign.deleteFilter", PARAMS, renamed)
    assert script.requests == []
