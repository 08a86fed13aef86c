"""Work types: which a user sees, who handles them, how their contacts may end. Provisioning API v2."""

from collections.abc import Mapping

from bridge.sandbox.engine import plain, shelves
from bridge.sandbox.engine.narrow import narrowed
from bridge.sandbox.engine.shelves import Object
from bridge.sandbox.messages import Ask, Json, Refusal, Reply
from bridge.sandbox.provisioning.rules import rules_of_work_type
from bridge.sandbox.state import State

CALLBACK_RULES = ("maxCallBackDays", "canCallBackWorkType", "canCallBackSelf", "mustDisplayPastCallBackWarning")


def list_work_types(state: State, ask: Ask) -> Reply:
    """Two of its filters look at what no answer shows."""
    items = [one for one in plain.found(state, ask) if _has_asked_rules(state, ask, one) and _has_asked_queue(ask, one)]
    return plain.page(state, ask, items)


def _has_asked_rules(state: State, ask: Ask, one: Object) -> bool:
    if "workTypeRules.email" not in ask.given:
        return True
    return bool(rules_of_work_type(state, one["id"]).get("canInitiateNewOutboundEmail"))


def _has_asked_queue(ask: Ask, one: Object) -> bool:
    return "queueType" not in ask.given or one.get("queueType") == str(ask.given["queueType"])


def get_outreach_sms(state: State, ask: Ask) -> Reply:
    return _of_class(state, ask, "OutreachSMSWorkType")


def get_outreach_email(state: State, ask: Ask) -> Reply:
    return _of_class(state, ask, "OutreachEmailWorkType")


def _of_class(state: State, ask: Ask, wanted: str) -> Reply:
    one = shelves.one(state, ask)
    if one["workTypeClassification"] != wanted:
        raise Refusal(404, f"The work type {one['id']!r} is no {wanted}")
    return plain.shown(ask, one)


def list_callback_work_types(state: State, ask: Ask) -> Reply:
    """The user's outreach work types that take callbacks, with the rules that tell how."""
    mine = narrowed(ask, _of_user(state, ask, "workTypes"))
    with_rules = [(one, rules_of_work_type(state, one["id"])) for one in mine if one["direction"] == "outreach"]
    items = [
        {**one, **{name: rules[name] for name in CALLBACK_RULES}}
        for one, rules in with_rules
        if rules["canCallBackWorkType"] or rules["canCallBackSelf"]
    ]
    return plain.page(state, ask, items)


def list_destinations(state: State, ask: Ask) -> Reply:
    """The active work types that are not hidden from the user."""
    hidden = {one["id"] for one in _of_user(state, ask, "hiddenWorkTypes")}
    known = [
        one for one in state.objects["provisioning.workTypes"].values() if one["active"] and one["id"] not in hidden
    ]
    items = plain.of_kind("via#workType", narrowed(ask, known))
    return plain.answered(ask, {"kind": "via#workTypeList", "workTypes": items, "totalItems": len(items)})


def _of_user(state: State, ask: Ask, name: str) -> list[Object]:
    user = shelves.one_of(state, ask, "users", ask.given["userId"])
    held = state.objects.get(shelves.belonging(ask, "users", user["id"], name), {})
    return shelves.referred(state, ask, "workTypes", held)


def replace_hidden(state: State, ask: Ask) -> Reply:
    return plain.replace_list(state, ask)


def replace_handlers(state: State, ask: Ask) -> Reply:
    """Whoever handles a work type has it among their own."""
    work_type = shelves.owner(state, ask)["id"]
    reply = plain.replace_list(state, ask)
    handlers = {one["id"] for one in ask.json["workHandlers"]}
    for user in state.objects["provisioning.users"]:
        _assign(
            state.objects.setdefault(shelves.belonging(ask, "users", user, "workTypes"), {}),
            work_type,
            user in handlers,
        )
    return reply


def _assign(own: dict[str, Object], work_type: str, handles: bool) -> None:
    if handles:
        own.setdefault(work_type, {"id": work_type})
    else:
        own.pop(work_type, None)


def list_dispositions(state: State, ask: Ask) -> Reply:
    """Those of the plan that the work type names."""
    plan = shelves.owner(state, ask)["dispPlanId"]
    held: Mapping[str, Json] = state.objects.get(shelves.belonging(ask, "dispositionRoutingPlans", plan, "rules"), {})
    return plain.page(state, ask, narrowed(ask, shelves.referred(state, ask, "dispositions", dict(held))))
