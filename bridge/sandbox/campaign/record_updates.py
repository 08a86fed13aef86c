"""What an update makes of a strategy's records, field by field, and the words in which the statuses tell it."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from bridge.sandbox.messages import Json

COMPLETE, FAILED, COMPLETE_WITH_ERRORS = 67, 68, 70
NO_LOOKUP_KEY = "Lookup key not found"
NO_LOOKUP_VALUE = "Lookup value not found"
NO_FIELD_KEY = "Field key not found"
UPDATED = "Updated"


def details(records: Collection[Json], wanted: Iterable[Json]) -> list[tuple[str, bool]]:
    """Set what can be set; a line for each field, and whether it went well."""
    return [line for one in wanted for line in _lines(records, one)]


def _lines(records: Collection[Json], wanted: Json) -> Iterator[tuple[str, bool]]:
    key, value = wanted.get("lookupKey", ""), wanted.get("lookupValue", "")
    for field in wanted.get("fields", ()):
        status = _set(records, key, value, field.get("fieldKey", ""), field.get("fieldValue", ""))
        # Quotes and colons as in the document's example, which has none after "Field key".
        prose = (
            f"'Lookup key: {key} Lookup value: {value} Field key {field.get('fieldKey', '')} "
            f"Field value: {field.get('fieldValue', '')} Status : {status}'"
        )
        yield prose, status == UPDATED


def _set(records: Collection[Json], key: str, value: str, field: str, content: str) -> str:
    """A field is known where any record of the strategy has it: the API shows no schema's fields."""
    known = {name for record in records for name in record["fields"]}
    if key not in known:
        return NO_LOOKUP_KEY
    found = [record for record in records if record["fields"].get(key) == value]
    if not found:
        return NO_LOOKUP_VALUE
    if field not in known:
        return NO_FIELD_KEY
    for record in found:
        record["fields"][field] = content
    return UPDATED


def outcome(went_well: Sequence[bool]) -> int:
    """The strategy's status after an update."""
    if all(went_well):
        return COMPLETE
    return COMPLETE_WITH_ERRORS if any(went_well) else FAILED
