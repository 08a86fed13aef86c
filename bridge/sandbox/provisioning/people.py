"""Users and teams: who is in a team, who is online, what a user is good at. Provisioning API v2."""

from dataclasses import replace

from bridge.sandbox.engine import plain, shelves
from bridge.sandbox.engine.narrow import narrowed
from bridge.sandbox.engine.shelves import Object
from bridge.sandbox.messages import Ask, Refusal, Reply
from bridge.sandbox.state import State

EVERYONE = "All"
ELSEWHERE = ("Uninitialized", "Logged Off", "User Cleared")
"""The states of those who are not online."""


def list_team_part(state: State, ask: Ask) -> Reply:
    return plain.list_items(state, of_state(ask))


def list_team_users(state: State, ask: Ask) -> Reply:
    """Members and owners as two lists; a filter holds for both."""
    team = shelves.one_of(state, ask, "teams", ask.given["teamId"])
    members, owners = (_part(state, of_state(ask), team, name) for name in ("teamMembers", "teamOwners"))
    return plain.answered(
        ask,
        {
            "kind": "via#teamState",
            "users": members,
            "teamOwners": owners,
            "lastIndexReturned": len(members) + len(owners),
            "totalItems": len(members) + len(owners),
        },
    )


def of_state(ask: Ask) -> Ask:
    """`state=All` keeps everyone."""
    if ask.given.get("state") != EVERYONE:
        return ask
    return replace(ask, given={name: value for name, value in ask.given.items() if name != "state"})


def _part(state: State, ask: Ask, team: Object, name: str) -> list[Object]:
    held = state.objects.get(shelves.belonging(ask, "teams", team["id"], name), {})
    return plain.of_kind("via#user", narrowed(ask, shelves.referred(state, ask, "users", held)))


def list_online_agents(state: State, ask: Ask) -> Reply:
    """Who is online and handles the work type, but for the one who asks."""
    asking = shelves.one_of(state, ask, "users", ask.given["userId"])
    work_type = shelves.one_of(state, ask, "workTypes", ask.given["workTypeId"])
    held = state.objects.get(shelves.belonging(ask, "workTypes", work_type["id"], "workHandlers"), {})
    online = [
        user
        for user in shelves.referred(state, ask, "users", held)
        if user["active"] and user.get("state") not in ELSEWHERE and user["id"] != asking["id"]
    ]
    return plain.answered(
        ask,
        {
            "kind": "via#userList",
            "users": plain.of_kind("via#user", online),
            "lastIndexReturned": len(online),
            "totalItems": len(online),
        },
    )


def replace_user_skills(state: State, ask: Ask) -> Reply:
    """A level must be one of its skill's."""
    skills = state.objects["provisioning.skills"]
    mistakes = [
        f"userSkills[{place}].levelId: the skill has no level {one['levelId']!r}"
        for place, one in enumerate(ask.json["userSkills"])
        if one.get("id") in skills and "levelId" in one and one["levelId"] not in _levels(skills[one["id"]])
    ]
    if mistakes:
        raise Refusal(400, *mistakes)
    return plain.replace_list(state, ask)


def _levels(skill: Object) -> set[str]:
    return {level["id"] for level in skill.get("skillLevels", ())}
