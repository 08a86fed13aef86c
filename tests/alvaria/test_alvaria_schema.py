"""A value against a schema of the contracts: the verdict of a known library, in a person's sentences."""

from collections.abc import Iterator
from typing import Any

import pytest
from filled import filled
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from bridge.alvaria.operations import OPERATIONS, operation
from bridge.alvaria.schema import KEYWORDS, TYPES, Schemas

WITH_BODY = [one for one in OPERATIONS.values() if one.body is not None]
SAYS_NOTHING = {"$ref", "type", "description", "example", "default", "deprecated", "readOnly", "allowEmptyValue"}


def keywords(schema: Any) -> Iterator[tuple[str, Any]]:
    for keyword, inner in schema.items():
        yield keyword, inner
        parts = inner.values() if keyword == "properties" else inner if isinstance(inner, list) else [inner]
        for part in parts:
            if isinstance(part, dict) and not keyword.startswith("x-"):
                yield from keywords(part)


def test_every_keyword_of_the_contracts_is_known() -> None:
    named = [schema for one in OPERATIONS.values() for schema in one.schemas.named.values()]
    found = [pair for schema in named for pair in keywords(schema)]
    found += [pair for one in OPERATIONS.values() for given in one.parameters for pair in keywords(given.schema)]
    assert {keyword for keyword, _ in found if not keyword.startswith("x-")} <= KEYWORDS.keys() | SAYS_NOTHING
    assert {value for keyword, value in found if keyword == "type" and isinstance(value, str)} <= TYPES.keys()


@pytest.mark.parametrize("one", WITH_BODY, ids=lambda one: one.id)
def test_what_the_schema_allows_is_right(one: Any) -> None:
    body = filled(one.schemas, one.body)
    if one.id in ("campaign.upsertCallback", "campaign.importObjects"):  # a pattern that no description fulfils
        body |= {"workTypeId": "18"} if "workTypeId" in body else {"salt": "ABC"}
    assert list(one.schemas.mistakes(one.body, body, "body")) == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 5) | st.sampled_from(["", "x", "ServiceLevel", "2026-05-12T09:30:00Z"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "version"]), inner),
    max_leaves=5,
)


@given(data=st.data())
def test_the_verdict_is_the_one_of_a_known_library(data: st.DataObject) -> None:
    """Of a right body with some parts changed, so that it is wrong in few places. Times are left aside."""
    one = data.draw(st.sampled_from(WITH_BODY))
    body = changed(filled(one.schemas, one.body), data)
    document = {**one.body, "components": {"schemas": one.schemas.named}}
    if "$ref" in one.body:
        document = {**one.schemas.at(one.body), "components": {"schemas": one.schemas.named}}
    sentences = [line for line in one.schemas.unfit(one.body, body, "body") if "no such member" not in line]
    ours = [line for line in sentences if "must be a time" not in line]
    if ours == sentences:
        assert bool(ours) is not Draft4Validator(document).is_valid(body), (sentences, body)


def changed(value: Any, data: st.DataObject) -> Any:
    what = data.draw(st.integers(0, 9))
    if what == 0:
        return data.draw(json_values)
    if isinstance(value, dict):
        return {name: changed(inner, data) for name, inner in value.items() if data.draw(st.integers(0, 9))}
    if isinstance(value, list):
        return [changed(inner, data) for inner in value * data.draw(st.sampled_from([1, 1, 1, 0, 2, 30]))]
    return value


@pytest.mark.parametrize(
    ("schema", "value", "said"),
    [
        ({"type": "string"}, None, "body: must be text, not null"),
        ({"type": "string"}, 7, "body: must be text, not a number"),
        ({"type": "integer"}, True, "body: must be a whole number, not true or false"),
        ({"type": "integer"}, 1.0, "body: must be a whole number, not a number"),
        ({"type": "number"}, [], "body: must be a number, not a list"),
        ({"type": "array"}, {}, "body: must be a list, not an object"),
        ({"type": "integer", "enum": [0, 1], "x-value-names": {"1": "on"}}, 2, "body: must be one of 0, 1 (on)"),
        ({"enum": ["Active"]}, "active", "body: must be Active"),
        ({"enum": ["Idle", "Active"]}, "active", "body: must be one of Idle, Active, did you mean 'Active'?"),
        ({"enum": [0, 1]}, True, "body: must be one of 0, 1"),
        (
            {"type": "string", "format": "date-time"},
            "2026-05-12",
            "body: must be a time such as 2026-05-12T09:30:00.000Z",
        ),
        (
            {"type": "string", "format": "date-time"},
            "2026-02-30T00:00:00Z",
            "body: must be a time such as 2026-05-12T09:30:00.000Z",
        ),
        ({"type": "string", "pattern": "^[^.]+$"}, "a.b", "body: must match ^[^.]+$"),
        ({"type": "string", "minLength": 1}, "", "body: must have at least 1 character"),
        ({"type": "string", "maxLength": 2}, "abc", "body: has 3 characters, 2 are allowed"),
        ({"type": "array", "minItems": 2, "items": {}}, [1], "body: must have at least 2 elements"),
        ({"type": "array", "maxItems": 1, "items": {}}, [1, 2], "body: has 2 elements, 1 are allowed"),
        ({"type": "object", "required": ["a"]}, {}, "body.a: is missing; give it"),
        (
            {"type": "object", "properties": {"name": {}}},
            {"nmae": 1},
            "body.nmae: there is no such member, did you mean 'name'?",
        ),
        (
            {"type": "array", "items": {"properties": {"a": {"type": "string"}}}},
            [{"a": ""}, {"a": 1}],
            "body[1].a: must be text, not a number",
        ),
        (
            {"oneOf": [{"type": "string"}, {"type": "integer", "enum": [0]}]},
            7,
            "body: must be text, not a number; or body: must be 0",
        ),
    ],
)
def test_a_mistake_is_a_sentence_with_its_place(schema: Any, value: Any, said: str) -> None:
    assert list(Schemas().mistakes(schema, value, "body")) == [said]


def test_parts_that_hold_together_know_each_others_members() -> None:
    both = {"allOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"b": {"type": "string"}}}]}
    assert list(Schemas().mistakes(both, {"a": "", "b": 1, "c": 1}, "body")) == [
        "body.b: must be text, not a number",
        "body.c: there is no such member",
    ]


def test_a_sentence_never_holds_the_value() -> None:
    one = operation("campaign.upsertCallback")
    body = {"phoneNumber": 2125550123, "callbackType": "+12125550123", "workTypeId": "12125550123.4"}
    assert "2125550123" not in "".join(one.schemas.mistakes(one.body, body, "body"))
