"""A fast_path rule -> one record of fixed width for a list.

Campaign API v2.0.0, FastPath records. The body keeps the record as text; `layout.parse` shows its fields again.
"""

from typing import Any

from bridge.alvaria.fastpath import insert_body
from bridge.errors import ExpressionError, LayoutError
from bridge.expressions import MISSING
from bridge.mappings.case import Case, Rejected, Request, order_key, text_of, text_or_empty, value_of
from bridge.mappings.layout import render
from bridge.mappings.rules import FastPath

INSERT = "campaign.insertFastPathRecords"


def request(rule: FastPath, case: Case) -> Request:
    name = _list(rule, case)
    return Request(
        operation=INSERT,
        order_key=order_key(case.event, INSERT, str(name)),
        params={"listId": name if isinstance(name, int) else {"id_of": name, "by": "campaign.listLists"}},
        body=insert_body(_record(rule, case), _custom(rule, case)),
        customers=case.customers,
    )


def _list(rule: FastPath, case: Case) -> int | str:
    """An id stays a number; a name is looked up when the record is sent."""
    value = value_of(rule.list, case.scope, "fast_path.list")
    if value is None or value == "" or isinstance(value, bool):
        raise Rejected("fast_path.list: empty; give the list's name or id")
    return value if isinstance(value, int) else text_of(rule.list, case.scope, "fast_path.list")


def _record(rule: FastPath, case: Case) -> str:
    try:
        return render(rule.layout, _values(rule, case))
    except LayoutError as error:
        raise Rejected(f"fast_path.fields: {error}") from None


def _values(rule: FastPath, case: Case) -> dict[str, Any]:
    """What is missing is left out: each field of the layout says itself what that means for it."""
    values = {}
    for name, template in rule.fields.items():
        try:
            value = template.or_missing(case.scope)
        except ExpressionError as error:
            raise Rejected(f"fast_path.fields.{name}: {error}") from None
        if value is not MISSING:
            values[name] = value
    return values


def _custom(rule: FastPath, case: Case) -> list[str]:
    return [text_or_empty(one, case.scope, f"fast_path.custom[{index}]") for index, one in enumerate(rule.custom)]
