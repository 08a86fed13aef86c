"""Callbacks: Campaign API v3, Callbacks. Known by phone number and work type; they belong to no list."""

from bridge.sandbox.campaign.places import ZONES
from bridge.sandbox.campaign.store import digits, held
from bridge.sandbox.members import iso, moment
from bridge.sandbox.messages import Ask, Json, Refusal, Reply
from bridge.sandbox.state import State

COLLECTION = "callbacks"
MEMBERS = (
    "workTypeId",
    "memo",
    "olsonTimeZone",
    "phoneNumber",
    "callbackDateTime",
    "callbackType",
    "accountNumber",
    "secondaryServiceNumber",
    "customer",
    "userId",
    "userDefinedData",
    "numberType",
)


def upsert(state: State, ask: Ask) -> Reply:
    """201 for a new one, 200 for one that is changed: what the request leaves out is no longer there."""
    _refuse_strange(state, ask.json)
    posted = {name: ask.json[name] for name in MEMBERS if name in ask.json}
    posted["callbackDateTime"] = iso(moment("callbackDateTime", posted["callbackDateTime"]))
    objects = held(state, COLLECTION)
    before = next((id_ for id_, one in objects.items() if _name(one) == _name(posted)), None)
    id_ = before or str(state.new_number())
    objects[id_] = {"id": id_, **posted}
    return Reply(status=200 if before else 201, body=objects[id_])


def _name(callback: Json) -> tuple[str, str]:
    return digits(callback["phoneNumber"]), callback["workTypeId"]


def _refuse_strange(state: State, posted: Json) -> None:
    """Zones and number types are the ones that their own operations list."""
    sentences = []
    if not digits(posted["phoneNumber"]):
        sentences.append("phoneNumber has no digits")
    if posted.get("olsonTimeZone") and posted["olsonTimeZone"] not in ZONES:
        sentences.append(f"olsonTimeZone must be one of v3 timeZones: {posted['olsonTimeZone']}")
    codes = {one.get("numberTypeCode") for one in held(state, "numberTypes").values()}
    if codes and posted.get("numberType", next(iter(codes))) not in codes:
        sentences.append(f"numberType must be a numberTypeCode of numberTypes: {posted['numberType']}")
    if sentences:
        raise Refusal(400, *sentences)
