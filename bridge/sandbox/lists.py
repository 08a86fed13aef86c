"""FastPath records: Campaign API v2/v3, Lists."""

import re
from collections.abc import Sequence

from bridge.sandbox.members import Member, each, object_of, read, sent_json
from bridge.sandbox.messages import Ask, Json, Refusal, Reply
from bridge.sandbox.state import ContactList, Field, Record, State

WHOLE_NUMBER = re.compile(r"[0-9]{1,15}")
MOST_CUSTOM_STRINGS = 3
FIRST_REQUEST_ID = 4534147


def insert_fast_path_records(state: State, ask: Ask) -> Reply:
    """Insert all records of the request, or none where one is refused."""
    target = asked(state, ask)
    if not target.takes_records:
        raise Refusal(400, f"The list {target.name!r} is not a FastPath list")
    session = ask.headers.get("via-client-sessionid")
    new = [_insert(state, target, session, line, custom) for line, custom in posted(sent_json(ask), target)]
    return Reply(status=201, body={"fastPathResponseCollection": [_inserted(record) for record in new]})


def asked(state: State, ask: Ask) -> ContactList:
    id_ = ask.params["listId"]
    if not WHOLE_NUMBER.fullmatch(id_):
        raise Refusal(400, "listId must be a whole number")
    found = state.objects["campaign.lists"].get(str(int(id_)))
    if found is None:
        raise Refusal(404, f"There is no list {int(id_)}")
    return contact_list(found)


def contact_list(found: dict[str, Json]) -> ContactList:
    return ContactList(
        id=found["id"],
        name=found["name"],
        status=found["status"],
        list_type=found["listType"],
        layout=tuple(Field(**part) for part in found.get("layout", ())),
    )


def _insert(state: State, target: ContactList, session: str | None, line: str, custom: Sequence[str]) -> Record:
    record = Record(
        request_id=str(FIRST_REQUEST_ID + len(state.records)),
        list_id=target.id,
        text=line,
        custom=tuple(custom),
        session=session,
        received_at=state.now(),
    )
    state.records.append(record)
    return record


def _inserted(record: Record) -> Json:
    """Campaign API v2/v3, fastPathRecords: a session id only where the request came with one."""
    session = {} if record.session is None else {"sessionId": record.session}
    return {**session, "requestId": record.request_id}


def posted(body: Json, target: ContactList) -> list[tuple[str, Sequence[str]]]:
    def line(name: str, value: Json) -> str:
        if not isinstance(value, str) or len(value) != target.width:
            length = f"has {len(value)}" if isinstance(value, str) else "is no text"
            raise ValueError(f"{name} must have exactly {target.width} characters, as the layout says, but {length}")
        return value

    record = object_of(
        {
            "fastPathRecord": Member(check=line),
            "customFieldsStringCollection": Member(check=custom_strings, default=()),
        },
        strangers=True,
    )
    found = read(body, {"fastPathRecords": Member(check=each(record, least=1))}, strangers=True)
    return [(one["fastPathRecord"], one["customFieldsStringCollection"]) for one in found["fastPathRecords"]]


def custom_strings(name: str, value: Json) -> Sequence[str]:
    """`[{}]` says that there are none."""
    if not isinstance(value, list) or not all(_is_custom(item) for item in value):
        raise ValueError(f'{name} must be a list such as [{{"string": "a"}}], or [{{}}] for none')
    if len(value) > MOST_CUSTOM_STRINGS:
        raise ValueError(f"{name} must have at most {MOST_CUSTOM_STRINGS} strings, but has {len(value)}")
    return [item["string"] for item in value if item]


def _is_custom(item: Json) -> bool:
    return isinstance(item, dict) and (not item or isinstance(item.get("string"), str))


def parsed(line: str, layout: Sequence[Field]) -> dict[str, str]:
    """The record's fields, cut by their widths, without the blanks that fill them."""
    fields, start = {}, 0
    for part in layout:
        fields[part.name] = line[start : start + part.width].strip()
        start += part.width
    return fields
