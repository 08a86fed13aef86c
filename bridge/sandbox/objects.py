"""Settings, lists, dialogs and records as plain objects: read from a seed or the data file, and written back."""

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, TypeAlias

from bridge.sandbox import cookies
from bridge.sandbox.members import Member, each, flag, iso, moment, number, object_of, text
from bridge.sandbox.messages import Json
from bridge.sandbox.state import LIST_TYPE_FAST_PATH, Dialog, Record, Setting, State

Members: TypeAlias = Mapping[str, Member]

DIALOG_S = 1800
POSITIVE = number(least=1, whole=True)
NAME = text(least=1)


SETTING: Members = {
    "customerId": Member(check=NAME),
    "key": Member(check=NAME),
    "content": Member(check=text()),
    "channel": Member(check=NAME, default="all"),
    "service": Member(check=text(), default=""),
    "expiresOnTime": Member(check=moment, default=None),
    "creationTime": Member(check=moment, default=None),
    "lastModifiedTime": Member(check=moment, default=None),
    "sessionId": Member(check=NAME, default=None),
    "sessionTime": Member(check=moment, default=None),
    "custom": Member(check=flag, default=None),
}


def add_setting(state: State, found: Mapping[str, Any]) -> None:
    """One with a session is CXP's own, unless it says that it is custom."""
    session, custom = found["sessionId"], found["custom"]
    modified_at = found["lastModifiedTime"] or found["creationTime"] or state.now()
    state.put_setting(
        Setting(
            customer=found["customerId"],
            key=found["key"],
            content=found["content"],
            channel=found["channel"],
            service=found["service"],
            expires_at=found["expiresOnTime"],
            created_at=found["creationTime"] or modified_at,
            modified_at=modified_at,
            session=session,
            session_at=(found["sessionTime"] or modified_at) if session else None,
            custom=session is None if custom is None else custom,
        )
    )


def setting_object(setting: Setting) -> Json:
    """What the API shows, and what only CXP knows."""
    known = {**cookies.shown(setting), "custom": setting.custom}
    if setting.session and setting.session_at:
        known |= {"sessionId": setting.session, "sessionTime": iso(setting.session_at)}
    return known


FIELD: Members = {"name": Member(check=NAME), "width": Member(check=POSITIVE)}
LIST: Members = {
    "id": Member(check=POSITIVE),
    "name": Member(check=NAME),
    "status": Member(check=number(most=5, whole=True), default=3),
    "listType": Member(check=number(most=3, whole=True), default=LIST_TYPE_FAST_PATH),
    "layout": Member(check=each(object_of(FIELD)), default=()),
    "description": Member(check=text(), default=""),
}
REST_OF_LIST: Mapping[str, Json] = {
    "version": 1,
    "strategy": "",
    "filterName": "",
    "penetration": 0,
    "hitRate": 0,
    "saturation": 0,
    "exclusionFilter": "",
    "purposeName": "",
}


def list_check(name: str, value: Json) -> dict[str, Any]:
    found: dict[str, Any] = object_of(LIST)(name, value)
    if found["listType"] == LIST_TYPE_FAST_PATH and not found["layout"]:
        raise ValueError(f'{name}: a FastPath list needs a layout, such as [{{"name": "@NUMBER", "width": 10}}]')
    return found


def add_list(state: State, found: Mapping[str, Any]) -> None:
    one = {**REST_OF_LIST, **found, "layout": list(found["layout"])}
    state.objects.setdefault("campaign.lists", {})[str(one["id"])] = one


VARIABLE: Members = {"id": Member(check=NAME), "value": Member(check=text())}
DIALOG: Members = {
    "sessionId": Member(check=NAME, default=None),
    "context": Member(check=text(), default=""),
    "lifetime_s": Member(check=number(), default=DIALOG_S),
    "endTime": Member(check=moment, default=None),
    "variables": Member(check=each(object_of(VARIABLE)), default=()),
}


def add_dialog(state: State, found: Mapping[str, Any]) -> str:
    """Start it; its id, a new one where none is given."""
    id_ = found["sessionId"] or str(uuid.uuid4())
    state.dialogs[id_] = Dialog(
        id=id_,
        context=found["context"],
        ends_at=found["endTime"] or state.now() + timedelta(seconds=found["lifetime_s"]),
        variables=tuple((variable["id"], variable["value"]) for variable in found["variables"]),
    )
    return id_


def dialog_object(dialog: Dialog) -> Json:
    return {
        "sessionId": dialog.id,
        "context": dialog.context,
        "endTime": iso(dialog.ends_at),
        "variables": [{"id": id_, "value": value} for id_, value in dialog.variables],
    }


RECORD: Members = {
    "requestId": Member(check=NAME),
    "listId": Member(check=POSITIVE),
    "record": Member(check=text()),
    "custom": Member(check=each(text()), default=()),
    "sessionId": Member(check=NAME, default=None),
    "receivedTime": Member(check=moment),
}


def add_record(state: State, found: Mapping[str, Any]) -> None:
    state.records.append(
        Record(
            request_id=found["requestId"],
            list_id=found["listId"],
            text=found["record"],
            custom=found["custom"],
            session=found["sessionId"],
            received_at=found["receivedTime"],
        )
    )


def record_object(record: Record) -> Json:
    return {
        "requestId": record.request_id,
        "listId": record.list_id,
        "record": record.text,
        "custom": list(record.custom),
        "sessionId": record.session,
        "receivedTime": iso(record.received_at),
    }
