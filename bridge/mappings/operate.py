"""A rule with `operation` -> one request of any operation that writes, checked as a whole before it is kept."""

from bridge.documents import dotted
from bridge.mappings.asked import request_mistakes
from bridge.mappings.case import Case, Rejected, Request, order_key, text_or_empty
from bridge.mappings.rules import OtherOperation
from bridge.mappings.tree import fill, known


def request(rule: OtherOperation, case: Case) -> Request:
    """Rejected with all that is wrong with it, by member and without values."""
    problems: list[str] = []
    params = fill(rule.params, case.scope, ("params",), problems)
    body = None if rule.body is None else fill(rule.body, case.scope, ("body",), problems)
    found = request_mistakes(rule.id, known(params), known(body))
    problems += [f"{dotted(at)}: {words}" for at, words in found]
    if problems:
        raise Rejected("; ".join(problems))
    return Request(
        operation=rule.id,
        order_key=_order_key(rule, case),
        params=params,
        body=body,
        customers=case.customers,
        repeatable=rule.repeatable,
    )


def _order_key(rule: OtherOperation, case: Case) -> str:
    """What one record asks of one operation goes out in order, unless the rule says what does."""
    if rule.order_by is None:
        return order_key(case.event, rule.id)
    text = text_or_empty(rule.order_by, case.scope, "operation.order_by")
    return f"{case.event.source}:{text}" if text else ""
