"""A translation as people read it: what would be written, deleted, inserted, forgotten, and what was rejected."""

from collections.abc import Iterator

from bridge.mappings.layout import Layout, parse
from bridge.mappings.rules import FastPath, Group, Mapping, OtherOperation, Rule
from bridge.mappings.translate import Translation
from bridge.model import Delivery, Json, OutcomeKind

EFFECTS = ("settings", "deletes", "fast_path", "forget", "operations", "stops", "rejected")


def effects(mapping: Mapping, translation: Translation) -> dict[str, list[Json]]:
    """All that the translation does, in the rules' order, by the names of EFFECTS."""
    found: dict[str, list[Json]] = {name: [] for name in EFFECTS}
    rules = {rule.name: rule for rule in mapping.rules or ()}
    for outcome in translation.outcomes:
        if outcome.kind is OutcomeKind.REJECTED:
            found["rejected"].append({"rule": outcome.rule, "reason": outcome.reason})
        if outcome.stop:
            found["stops"].append({"customer": outcome.stop.customer, "operations": [*outcome.stop.operations]})
        for delivery in outcome.deliveries:
            name, those = effects_of(rules[outcome.rule], delivery)
            found[name].extend(those)
    return found


def effects_of(rule: Rule, delivery: Delivery) -> tuple[str, Iterator[Json]]:
    """What one delivery does, and the name that this goes by."""
    match rule.action:
        case Group() if delivery.body:
            return "settings", iter(delivery.body["settings"])
        case Group():
            return "deletes", _deleted(delivery)
        case FastPath(layout=layout):
            return "fast_path", _inserted(delivery, layout)
        case OtherOperation():
            return "operations", iter([{"id": delivery.operation, "params": delivery.params, "body": delivery.body}])
        case _:
            return "forget", _deleted(delivery)


def _deleted(delivery: Delivery) -> Iterator[Json]:
    params = delivery.params
    for key in params["key"].split(","):
        yield {
            "customerId": params["customer"],
            "key": key,
            "channel": params["channel"],
            "service": params["service"],
        }


def _inserted(delivery: Delivery, layout: Layout) -> Iterator[Json]:
    target = delivery.params["listId"]
    for one in delivery.body["fastPathRecords"]:
        record = one["fastPathRecord"]
        yield {
            "list": target["id_of"] if isinstance(target, dict) else target,
            "fields": parse(layout, record),
            "custom": [given["string"] for given in one["customFieldsStringCollection"] if given],
            "record": record,
        }
