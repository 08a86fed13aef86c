"""The control routes below /_sandbox/: for demos and tests, to set the scene and to look behind it."""

import re

from bridge.sandbox import bounds, dialogs, journal, lists, objects, page
from bridge.sandbox import sow as sowing
from bridge.sandbox.documents import CONTROL
from bridge.sandbox.engine.merged import merged
from bridge.sandbox.members import Member, anything, load, number, one_of, read, texts_by_name
from bridge.sandbox.messages import Ask, Json, Refusal, Reply
from bridge.sandbox.operations import CONTRACTS, OPERATION_IDS, Operation
from bridge.sandbox.state import NO_BODY, Fault, State

DONE = Reply(status=204)


def reset(state: State, ask: Ask) -> Reply:
    state.reset()
    return DONE


def show_requests(state: State, ask: Ask) -> Reply:
    """The oldest first; `?operation=` shows one operation's only."""
    wanted = ask.first("operation")
    shown = [journal.shown(entry) for entry in state.journal if wanted in (None, entry.operation)]
    return Reply(body={"requests": shown})


def put_rate_limit(state: State, ask: Ask) -> Reply:
    bounds.set_rate_limit(state, told(ask))
    return Reply(body=bounds.rate_limit_object(state))


def put_limits(state: State, ask: Ask) -> Reply:
    bounds.set_limits(state, told(ask))
    return Reply(body=bounds.limits_object(state))


def show_limits(state: State, ask: Ask) -> Reply:
    return Reply(body=bounds.limits_object(state))


def order_fault(state: State, ask: Ask) -> Reply:
    """Faults wait in the order they came in; `drop` wins over `status`."""
    fault = Fault(**read(told(ask), FAULT))
    if not (fault.status or fault.delay_s or fault.drop or fault.headers or fault.body is not NO_BODY):
        raise Refusal(400, "a fault needs at least one of: status, delay_s, drop, headers, body")
    state.faults.append(fault)
    return Reply(status=201, body={"waiting": len(state.faults)})


def clear_faults(state: State, ask: Ask) -> Reply:
    state.faults.clear()
    return DONE


def start_dialog(state: State, ask: Ask) -> Reply:
    id_ = objects.add_dialog(state, read(told(ask), objects.DIALOG))
    return Reply(status=201, body={"sessionId": id_})


def show_dialog(state: State, ask: Ask) -> Reply:
    """The variables that were set; also after its time is over, until the caller hangs up."""
    dialog = state.dialogs.get(ask.params["id"])
    if dialog is None:
        raise Refusal(404, "there is no such dialog")
    running = dialogs.running(state, dialog.id) is not None
    return Reply(body={**objects.dialog_object(dialog), "running": running})


def hang_up(state: State, ask: Ask) -> Reply:
    if state.dialogs.pop(ask.params["id"], None) is None:
        raise Refusal(404, "there is no such dialog")
    return DONE


def show_records(state: State, ask: Ask) -> Reply:
    one = lists.asked(state, ask)
    records = [
        {**objects.record_object(record), "fields": lists.parsed(record.text, one.layout)}
        for record in state.records
        if record.list_id == one.id
    ]
    return Reply(body={"listId": one.id, "name": one.name, "records": records})


def show_settings(state: State, ask: Ask) -> Reply:
    return Reply(body={"settings": [objects.setting_object(setting) for setting in state.all_settings()]})


def sow(state: State, ask: Ask) -> Reply:
    return Reply(body=sowing.sow(state, told(ask)))


def show_openapi(state: State, ask: Ask) -> Reply:
    return Reply(body=merged(CONTRACTS))


def revoke_tokens(state: State, ask: Ask) -> Reply:
    state.tokens.clear()
    return DONE


def told(ask: Ask) -> Json:
    """The body of a control request: JSON, whatever its Content-Type says."""
    try:
        return load(ask.body or b"{}")
    except ValueError as error:
        raise Refusal(400, f"the body is not valid JSON: {error}") from None


def pattern(name: str, value: Json) -> re.Pattern[str]:
    try:
        return re.compile(value)
    except (TypeError, re.error) as error:
        raise ValueError(f"{name} must be a regular expression: {error}") from None


FAULT = {
    "operation": Member(check=one_of(*OPERATION_IDS), default=None),
    "times": Member(check=number(least=1, whole=True), default=1),
    "match": Member(check=pattern, default=None),
    "status": Member(check=number(least=200, most=599, whole=True), default=None),
    "delay_s": Member(check=number(), default=0),
    "headers": Member(check=texts_by_name, default={}),
    "body": Member(check=anything, default=NO_BODY),
    "drop": Member(check=one_of("before", "after"), default=None),
}
CONTROLS = [
    Operation(id=None, method=method, path=path, document=CONTROL, work=work)
    for method, path, work in (
        ("GET", "/", page.show),
        ("POST", "/_sandbox/reset", reset),
        ("GET", "/_sandbox/requests", show_requests),
        ("PUT", "/_sandbox/rate-limit", put_rate_limit),
        ("PUT", "/_sandbox/limits", put_limits),
        ("GET", "/_sandbox/limits", show_limits),
        ("POST", "/_sandbox/faults", order_fault),
        ("DELETE", "/_sandbox/faults", clear_faults),
        ("POST", "/_sandbox/dialogs", start_dialog),
        ("GET", "/_sandbox/dialogs/{id}", show_dialog),
        ("DELETE", "/_sandbox/dialogs/{id}", hang_up),
        ("GET", "/_sandbox/fast-path/{listId}", show_records),
        ("GET", "/_sandbox/settings", show_settings),
        ("POST", "/_sandbox/seed", sow),
        ("GET", "/_sandbox/openapi.json", show_openapi),
        ("POST", "/_sandbox/tokens/revoke", revoke_tokens),
    )
]
