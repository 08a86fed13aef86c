"""Provisioning's actions: whole lists, what hangs together, what is computed."""

from typing import Any

import pytest

from bridge.sandbox.state import State
from tests.sandbox.client import PROVISIONING, Client

USERS = f"{PROVISIONING}/users"
WORK_TYPES = f"{PROVISIONING}/workTypes"
EXTERNALS = f"{PROVISIONING}/systemExternals"
TEMPLATES = f"{PROVISIONING}/emailTemplates"
SIGNATURES = f"{PROVISIONING}/signatures"


def ids(got: Any, name: str) -> list[str]:
    return [one["id"] for one in got.json[name]]


def named(*names: str) -> list[dict[str, str]]:
    return [{"id": name} for name in names]


def name_of(text: str) -> list[dict[str, str]]:
    return [{"locale": "en-US", "value": text}]


def messages(got: Any) -> list[str]:
    return [error["message"] for error in got.json.get("error", got.json)["errors"]]


def test_handlers_are_replaced_as_a_whole_and_keep_their_order(client: Client) -> None:
    path = f"{WORK_TYPES}/5H9GYF.11/workHandlers"
    got = client.put(path, {"version": 1, "workHandlers": named("1005", "1001", "1003")})
    assert (got.status, ids(got, "workHandlers"), got.json["version"]) == (200, ["1005", "1001", "1003"], 2)
    assert got.json["lastModifiedTime"] == "2030-01-01T12:00:00.000Z"
    assert client.get(path).json == got.json
    assert "5H9GYF.11" in ids(client.get(f"{USERS}/1005/workTypes"), "workTypes")
    assert "5H9GYF.11" not in ids(client.get(f"{USERS}/1002/workTypes"), "workTypes")


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        (f"{WORK_TYPES}/5H9GYF.11/workHandlers", {"version": 7, "workHandlers": []}, 409, "is 1 by now, not 7"),
        (
            f"{WORK_TYPES}/5H9GYF.11/workHandlers",
            {"version": 1, "workHandlers": named("1001", "1", "2")},
            400,
            "workHandlers[1].id: there is nothing with the id '1' among users",
        ),
        (f"{WORK_TYPES}/5H9GYF.14/emailTemplates", {"version": 2, "emailTemplates": []}, 409, "is 1 by now, not 2"),
        (
            f"{WORK_TYPES}/5H9GYF.14/emailTemplates",
            {"version": 1, "emailTemplates": [{}]},
            400,
            "emailTemplates[0]: id is missing",
        ),
        (
            f"{USERS}/1002/skills",
            {"version": 1, "userSkills": [{"id": "18", "levelId": "203"}]},
            400,
            "userSkills[0].levelId: the skill has no level '203'",
        ),
        (f"{USERS}/1002/hiddenWorkTypes", {"workTypes": named("5H9GYF.99")}, 400, "workTypes[0].id"),
        (f"{USERS}/99/skills", {"version": 1, "userSkills": []}, 400, "nothing with the id '99' among users"),
        (f"{USERS}/99/hiddenWorkTypes", {"workTypes": []}, 404, "nothing with the id '99' among users"),
    ],
)
def test_a_list_that_is_refused_stays_as_it_is(client: Client, path: str, body: Any, status: int, words: str) -> None:
    before = client.get(path).content
    got = client.put(path, body)
    assert got.status == status
    assert words in messages(got)[0]
    assert client.get(path).content == before


def test_skills_are_replaced_with_their_levels(client: Client) -> None:
    path = f"{USERS}/1002/skills"
    got = client.put(path, {"version": 1, "userSkills": [{"id": "20", "levelId": "202"}, {"id": "18"}]})
    assert (got.status, got.json["version"], got.json["totalItems"]) == (200, 2, 2)
    assert got.json["userSkills"] == [
        {"active": True, "kind": "via#userSkill", "id": "20", "levelId": "202"},
        {"active": True, "kind": "via#userSkill", "id": "18"},
    ]
    assert client.put(path, {"userSkills": []}).json["userSkills"] == []


def test_hidden_work_types_are_no_destinations(client: Client) -> None:
    every = ids(client.get(f"{USERS}/1003/destinationWorkTypes"), "workTypes")
    assert "5H9GYF.21" not in every  # it is inactive
    got = client.put(f"{USERS}/1003/hiddenWorkTypes", {"workTypes": named("5H9GYF.11", "5H9GYF.13")})
    assert (got.status, ids(got, "workTypes")) == (200, ["5H9GYF.11", "5H9GYF.13"])
    left = ids(client.get(f"{USERS}/1003/destinationWorkTypes"), "workTypes")
    assert left == [id_ for id_ in every if id_ not in ("5H9GYF.11", "5H9GYF.13")]
    assert ids(client.get(f"{USERS}/1003/destinationWorkTypes?channelType=sms&direction=outreach"), "workTypes") == [
        "5H9GYF.19"
    ]


def test_templates_are_added_and_taken_off_one_by_one(client: Client) -> None:
    path = f"{WORK_TYPES}/5H9GYF.14/emailTemplates"
    got = client.post(f"{path}/84")
    assert (got.status, ids(got, "emailTemplates"), got.json["version"]) == (200, ["81", "82", "83", "84"], 2)
    assert client.post(f"{path}/84").status == 409
    assert client.post(f"{path}/99").status == 404
    got = client.delete(f"{path}/82")
    assert (got.status, got.content) == (204, b"")
    assert ids(client.get(path), "emailTemplates") == ["81", "83", "84"]
    assert client.delete(f"{path}/82").status == 404
    replaced = client.put(path, {"version": 3, "emailTemplates": named("85", "81")})
    assert (ids(replaced, "emailTemplates"), replaced.json["version"]) == (["85", "81"], 4)


def test_a_template_that_is_deleted_is_on_no_work_type(client: Client) -> None:
    assert client.delete(f"{TEMPLATES}/82").status == 204
    assert ids(client.get(f"{WORK_TYPES}/5H9GYF.14/emailTemplates"), "emailTemplates") == ["81", "83"]


def test_a_template_is_made_with_200_and_needs_a_signature_that_there_is(client: Client) -> None:
    body = {"subject": "Hello", "templateType": "standardResponse", "signatureId": "7", "friendlyName": name_of("Hi")}
    made = client.post(TEMPLATES, body)
    assert (made.status, made.json["kind"], made.json["active"]) == (200, "via#emailTemplate", True)
    assert client.post(TEMPLATES, body).status == 409
    assert client.post(TEMPLATES, {**body, "signatureId": "99", "friendlyName": []}).status == 404
    assert client.patch(f"{TEMPLATES}/{made.json['id']}", {"version": 1, "signatureId": "99"}).status == 404


def test_a_signature_stays_while_a_template_uses_it(client: Client) -> None:
    got = client.delete(f"{SIGNATURES}/8")
    assert (got.status, set(got.json)) == (409, {"code", "message", "errors"})
    assert client.delete(f"{SIGNATURES}/9").status == 204


@pytest.mark.parametrize(
    ("method", "id_", "body", "words"),
    [
        ("DELETE", "61", None, "It is used by 5H9GYF.11, so it stays"),
        ("PATCH", "61", {"version": 1, "active": False}, "so it stays active"),
        ("PATCH", "62", {"version": 3, "systemExternal": ""}, "systemExternal must not be empty"),
        ("PUT", "62", {"version": 3, "systemExternal": "1", "friendlyName": []}, "friendlyName must not be empty"),
    ],
)
def test_what_breaks_a_rule_of_system_externals_is_422(
    client: Client, method: str, id_: str, body: Any, words: str
) -> None:
    got = client.ask(method, f"{EXTERNALS}/{id_}", body)
    assert (got.status, set(got.json)) == (422, {"error"})
    assert words in messages(got)[0]


def test_a_system_external_is_made_once(client: Client) -> None:
    body = {"friendlyName": name_of("Night desk"), "systemExternal": "6175550120"}
    made = client.post(EXTERNALS, body)
    assert (made.status, made.json["version"], made.json["active"]) == (201, 1, True)
    assert client.post(EXTERNALS, body).status == 409
    assert client.post(EXTERNALS, {"friendlyName": [], "systemExternal": ""}).status == 422
    assert client.delete(f"{EXTERNALS}/{made.json['id']}").status == 204


def test_a_team_shows_members_and_owners(client: Client) -> None:
    path = f"{PROVISIONING}/teams/team2"
    assert ids(client.get(f"{path}/teamMembers"), "teamMembers") == ["1004", "1005"]
    assert ids(client.get(f"{path}/teamOwners"), "teamOwners") == ["1006"]
    both = client.get(f"{path}/allUsers")
    assert (ids(both, "users"), ids(both, "teamOwners"), both.json["totalItems"]) == (["1004", "1005"], ["1006"], 3)


@pytest.mark.parametrize(("state", "members"), [("All", ["1004", "1005"]), ("Wrap", ["1004"]), ("MultiLine", [])])
def test_a_team_shows_who_is_in_a_state(client: Client, state: str, members: list[str]) -> None:
    path = f"{PROVISIONING}/teams/team2"
    assert ids(client.get(f"{path}/teamMembers?state={state}"), "teamMembers") == members
    assert ids(client.get(f"{path}/allUsers?state={state}"), "users") == members


def test_online_agents_handle_the_work_type_and_are_not_the_one_who_asks(client: Client) -> None:
    path = "workTypes/5H9GYF.13/onlineAgents"
    assert ids(client.get(f"{USERS}/1001/{path}"), "users") == ["1003", "1007"]  # 1009 has logged off
    assert ids(client.get(f"{USERS}/1003/{path}"), "users") == ["1007"]
    assert client.get(f"{USERS}/1/{path}").status == 404
    assert client.get(f"{USERS}/1001/workTypes/1/onlineAgents").status == 404


def test_a_work_type_is_read_by_its_class_only(client: Client) -> None:
    sms, email = (f"{PROVISIONING}/{name}" for name in ("outreachSMSWorkType", "outreachEmailWorkType"))
    assert client.get(f"{sms}/5H9GYF.19").json["vsn"] == "reminders@acme"
    assert client.get(f"{email}/5H9GYF.20").json["fromAddress"] == "reminders@example.com"
    assert [client.get(f"{path}/5H9GYF.18").status for path in (sms, email)] == [404, 404]
    assert "vsn" not in client.get(f"{WORK_TYPES}/5H9GYF.19").json


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("direction=outreach", ["5H9GYF.18", "5H9GYF.19", "5H9GYF.20"]),
        ("direction=outreach&includeInactive=true&channelType=voice", ["5H9GYF.18", "5H9GYF.21"]),
        ("workTypeRules.email=CanInitiateNewOutboundEmail", ["5H9GYF.14", "5H9GYF.20"]),
        ("queueType=longestIdle", ["5H9GYF.11", "5H9GYF.12", "5H9GYF.18"]),
        ("friendlyName=Web%20chat", ["5H9GYF.13"]),
    ],
)
def test_work_types_are_found_by_what_their_items_do_not_show(client: Client, query: str, found: list[str]) -> None:
    assert ids(client.get(f"{WORK_TYPES}?{query}"), "workTypes") == found


def test_callback_work_types_are_the_users_own_that_take_callbacks(client: Client) -> None:
    got = client.get(f"{USERS}/1004/callBackWorkTypes")
    assert ids(got, "workTypes") == ["5H9GYF.18"]
    assert got.json["workTypes"][0]["maxCallBackDays"] == 14
    assert len(client.get(f"{USERS}/1004/callBackWorkTypes?includeInactive=true").json["workTypes"]) == 2


def test_a_work_types_dispositions_are_its_plans(client: Client) -> None:
    path = f"{WORK_TYPES}/5H9GYF.11/dispositions"
    assert ids(client.get(path), "dispositions") == ["8.1", "8.5", "8.6", "8.7", "8.8"]
    assert ids(client.get(f"{path}?dispositionType=systemDefined"), "dispositions") == ["8.1"]


def test_a_three_way_transfer_is_written_and_read_back_as_two_rights(client: Client) -> None:
    path = f"{WORK_TYPES}/5H9GYF.11/workHandlerRules"
    rules = client.get(path).json
    body = {name: value for name, value in rules.items() if name in SENT}
    got = client.put(path, {**body, "can3WayXfer": False})
    assert (got.status, got.json["version"]) == (200, 2)
    assert (got.json["canConference"], got.json["canBlindTransfer"], "can3WayXfer" in got.json) == (False, False, False)
    assert got.json["canRecord"] == rules["canRecord"]
    assert client.put(path, {**body, "can3WayXfer": True}).status == 409
    assert client.get(f"{WORK_TYPES}/5H9GYF.12/workHandlerRules").json["version"] == 1


SENT = [
    "version", "canAddAttachments", "canDial", "canForwardEmailToExternal", "canHold", "canInitiateNewOutboundEmail",
    "canPauseResumeRecording", "canTerminate", "canViewTeamLeads", "canViewWorkHandlers", "canViewWorktypes",
    "defaultCallBackWorkTypeId", "maxWrapTime", "minWrapTime", "mustDisposition", "wrapExceedAction", "wrapType",
    "wrapWarningDelay", "isAuthenticated",
]  # fmt: skip


def test_what_a_fresh_contact_centre_says_twice_it_says_alike() -> None:
    objects = State().objects
    for id_ in objects["provisioning.workTypes"]:
        handlers = objects[f"provisioning.workTypes/{id_}/workHandlers"]
        own = {
            user
            for user in objects["provisioning.users"]
            if id_ in objects.get(f"provisioning.users/{user}/workTypes", {})
        }
        assert set(handlers) == own
    for user in objects["provisioning.users"]:
        owns = {
            team
            for team in objects["provisioning.teams"]
            if user in objects.get(f"provisioning.teams/{team}/teamOwners", {})
        }
        assert set(objects.get(f"provisioning.users/{user}/managerOf", {})) == owns
