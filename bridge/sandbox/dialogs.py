"""Dialogs with a disposable app in them: the two operations of Disposable App API v2.0.0."""

from dataclasses import replace

from bridge.sandbox.members import Member, each, object_of, read, sent_json, text
from bridge.sandbox.messages import Ask, Json, Refusal, Reply
from bridge.sandbox.state import Dialog, State

VARIABLE = {"id": Member(check=text(least=1)), "value": Member(check=text(), default="")}


def get_context(state: State, ask: Ask) -> Reply:
    dialog = _asked(state, ask)
    return Reply(body={"kind": "cxp#disposableAppContext", "content": dialog.context}, root="Context")


def post_outcome(state: State, ask: Ask) -> Reply:
    """A second outcome takes the place of the first."""
    dialog = _asked(state, ask)
    state.dialogs[dialog.id] = replace(dialog, variables=posted(sent_json(ask)))
    return Reply(status=204)


def _asked(state: State, ask: Ask) -> Dialog:
    id_ = ask.first("sessionId")
    if not id_:
        raise Refusal(400, "The query parameter sessionId is missing")
    dialog = running(state, id_)
    if dialog is None:
        raise Refusal(404, "No dialog with this sessionId is running; it may have ended")
    return dialog


def running(state: State, id_: str) -> Dialog | None:
    """None once its time is over: the caller has gone."""
    dialog = state.dialogs.get(id_)
    return dialog if dialog and dialog.ends_at > state.now() else None


def posted(body: Json) -> tuple[tuple[str, str], ...]:
    variables = each(object_of(VARIABLE, strangers=True))
    members = {"kind": Member(check=text(), default=""), "variables": Member(check=variables)}
    found = read(body, members, strangers=True)
    return tuple((variable["id"], variable["value"]) for variable in found["variables"])
