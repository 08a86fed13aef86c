"""Wrapped values -> plain ones, as a source asks for: each entry unwraps one kind, from the inside out."""

from collections.abc import Callable, Mapping, Sequence

from bridge.model import Json
from bridge.sources.moments import from_dotnet


def plain(data: Json, kinds: Sequence[str]) -> Json:
    """The same data with every value of these kinds unwrapped."""
    if isinstance(data, dict):
        data = {name: plain(value, kinds) for name, value in data.items()}
    elif isinstance(data, list):
        data = [plain(value, kinds) for value in data]
    for kind in kinds:
        data = PLAIN[kind](data)
    return data


def _key_value(data: Json) -> Json:
    """[{key: a, value: 1}] -> {a: 1}."""
    if isinstance(data, list) and data and all(_is_pair(item) for item in data):
        return {item["key"]: item["value"] for item in data}
    return data


def _is_pair(item: Json) -> bool:
    return isinstance(item, dict) and item.keys() == {"key", "value"} and isinstance(item["key"], str)


def _dynamics(data: Json) -> Json:
    """Dataverse's typed wrappers by what they wrap; its lists of pairs are maps even where they are empty."""
    if isinstance(data, list):
        return _key_value(data)
    if not isinstance(data, dict):
        return _date(data)
    kind, inner = str(data.get("__type", "")).partition(":")[0], INSIDE
    if kind in inner and inner[kind] in data:
        return data[inner[kind]]
    return {name: {} if value == [] and name in PAIRS else value for name, value in data.items()}


INSIDE: Mapping[str, str] = {
    "AliasedValue": "Value",
    "EntityCollection": "Entities",
    "EntityReference": "Id",
    "Money": "Value",
    "OptionSetValue": "Value",
    "OptionSetValueCollection": "Value",
}
PAIRS = frozenset(
    {
        "Attributes",
        "FormattedValues",
        "InputParameters",
        "OutputParameters",
        "PostEntityImages",
        "PreEntityImages",
        "SharedVariables",
    }
)


def _date(data: Json) -> Json:
    """/Date(1778578197000+0200)/ -> 2026-05-12T09:29:57Z: what stands before the offset is UTC already."""
    if not isinstance(data, str) or not data.startswith("/Date("):
        return data
    try:
        at = from_dotnet(data)
    except (ValueError, OverflowError):
        return data
    return at.isoformat(timespec="milliseconds" if at.microsecond else "seconds").replace("+00:00", "Z")


PLAIN: Mapping[str, Callable[[Json], Json]] = {"key_value": _key_value, "dynamics": _dynamics, "dates": _date}
