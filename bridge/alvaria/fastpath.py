"""FastPath records as the API takes them."""

from collections.abc import Sequence

from bridge.alvaria.limits import MAX_CUSTOM_STRINGS
from bridge.model import Json


def insert_body(record: str, custom: Sequence[str]) -> dict[str, Json]:
    """Campaign API v2.0.0, FastPathRecordsInsertRequest: one record, with at most three strings of our own."""
    if len(custom) > MAX_CUSTOM_STRINGS:
        raise ValueError(f"a record takes at most {MAX_CUSTOM_STRINGS} custom strings, not {len(custom)}")
    # The document asks for one empty object where there are none.
    strings = [{"string": text} for text in custom] or [{}]
    return {"fastPathRecords": [{"fastPathRecord": record, "customFieldsStringCollection": strings}]}
