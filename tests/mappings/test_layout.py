"""Records of fixed width: what is written can be read back, and what could not is refused."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bridge.errors import LayoutError
from bridge.expressions import MISSING, compile_template
from bridge.mappings.layout import Field, Layout, check_layout, normalised, parse, render, ruler

HOT_LEADS = Layout(
    name="hot-leads",
    fields=(
        Field(name="@ACCOUNT", width=12),
        Field(name="@NUMBER", width=10),
        Field(name="@NAME", width=6, case="upper", on_overflow="cut", on_missing="blank"),
        Field(name="@SCORE", width=5, align="right", pad="0", kind="number"),
    ),
)


def one(**how: Any) -> Layout:
    return Layout(name="one", fields=(Field(**{"name": "X", "width": 5, **how}),))


def test_a_record_is_its_fields_one_after_the_other() -> None:
    record = render(HOT_LEADS, {"@NUMBER": "2125550123", "@ACCOUNT": 7, "@NAME": "Charlotte", "@SCORE": 81})
    assert record == "7           2125550123CHARLO00081"
    assert parse(HOT_LEADS, record) == {"@ACCOUNT": "7", "@NUMBER": "2125550123", "@NAME": "CHARLO", "@SCORE": "81"}


WRITTEN = [
    ({}, "ab", "ab   "),
    ({"align": "right"}, "ab", "   ab"),
    ({"pad": "*"}, "ab", "ab***"),
    ({}, "  ab ", "  ab "),
    ({"align": "right"}, " ab  ", " ab  "),
    ({}, 12, "12   "),
    ({}, True, "true "),
    ({}, 1.50, "1.5  "),
    ({}, "e\u0301", "é    "),
    ({}, "日本", "日本   "),
    ({"case": "upper"}, "straß", "STRAS" + "S"),
    ({"case": "lower"}, "ÄB", "äb   "),
    ({"on_overflow": "cut"}, "abcdefg", "abcde"),
    ({"on_overflow": "cut"}, "abcd efg", "abcd "),
    ({"on_missing": "blank"}, "", "     "),
    ({"on_missing": "blank"}, None, "     "),
    ({"on_missing": "blank"}, MISSING, "     "),
    ({"on_missing": "blank"}, "   ", "     "),
    ({"on_missing": "blank", "pad": "0", "align": "right", "kind": "number"}, None, "     "),
    ({"pad": "0", "align": "right", "kind": "number"}, 0, "00000"),
    ({"pad": "0", "align": "right", "kind": "number"}, "007", "00007"),
    ({"pad": "0", "align": "right", "kind": "number"}, 0.5, "000.5"),
    ({"pad": "0", "align": "right", "kind": "number"}, "100", "00100"),
]


@pytest.mark.parametrize(("how", "value", "record"), WRITTEN, ids=range(len(WRITTEN)))
def test_a_value_is_aligned_padded_cased_and_cut_as_its_field_says(
    how: dict[str, Any], value: Any, record: str
) -> None:
    layout = one(**{**how, "width": len(record)})
    assert render(layout, {"X": value}) == record
    assert parse(layout, record)["X"] == normalised(layout.fields[0], value)


REFUSED = [
    ({}, "abcdef", "is 6 characters long"),
    ({"name": "@NUMBER2"}, "2125550123", "is 10 characters long"),
    ({}, "", "missing or empty"),
    ({}, None, "missing or empty"),
    ({}, "a\nb", "line break"),
    ({}, "a\tb", "line break"),
    ({}, "a\u2028b", "line break"),
    ({}, "a\x00", "line break"),
    ({}, "\ud800", "control character"),
    ({}, ["a"], "a list or a map"),
    ({}, {"a": 1}, "a list or a map"),
    ({}, float("nan"), "cannot be written"),
    ({"pad": "*"}, "ab*", "ends with its own padding"),
    ({"pad": "0", "align": "right"}, "007", "begins with its own padding"),
    ({"pad": "0", "align": "right", "kind": "account"}, "007", "begins with its own padding"),
    ({"pad": "0", "align": "right", "kind": "number"}, -5, "not a number without a sign"),
    ({"pad": "0", "align": "right", "kind": "number"}, "n/a", "not a number without a sign"),
    ({"pad": "e", "align": "right"}, "\u0301", "run together"),
]


@pytest.mark.parametrize(("how", "value", "reason"), REFUSED, ids=range(len(REFUSED)))
def test_what_could_not_be_read_back_is_refused(how: dict[str, Any], value: Any, reason: str) -> None:
    layout = one(**how)
    with pytest.raises(LayoutError) as caught:
        render(layout, {layout.fields[0].name: value})
    assert reason in str(caught.value)


def test_all_mistakes_of_a_record_are_told_at_once_without_the_values() -> None:
    with pytest.raises(LayoutError) as caught:
        render(HOT_LEADS, {"@NUMBER": "+12125550123", "@NAME": "Ada\n", "@SCROE": 7})
    message = str(caught.value)
    for part in (
        "hot-leads",
        "@ACCOUNT (12 wide) is missing",
        "@NUMBER (10 wide) is 12",
        "@NAME",
        "did you mean '@SCORE'?",
    ):
        assert part in message
    assert "555" not in message
    assert "Ada" not in message


def test_a_phone_value_is_written_as_e164() -> None:
    value = compile_template("{{ '(212) 555-0123' | phone('US') }}", names=[])({})
    assert render(one(name="@NUMBER", width=12), {"@NUMBER": value}) == "+12125550123"


def test_a_record_of_another_width_is_not_read() -> None:
    with pytest.raises(LayoutError, match="4 characters, not 5"):
        parse(one(), "abcd")


def test_a_sound_layout_has_no_mistakes() -> None:
    assert check_layout(HOT_LEADS) == []


MISTAKES = [
    ({"width": 0}, "fields[0].width"),
    ({"pad": ""}, "fields[0].pad"),
    ({"pad": "ab"}, "fields[0].pad"),
    ({"pad": "\n"}, "fields[0].pad"),
    ({"pad": "\u0301"}, "fields[0].pad"),
    ({"name": "@NUMBER", "on_overflow": "cut"}, "fields[0].on_overflow"),
    ({"name": "@Number2", "on_overflow": "cut"}, "fields[0].on_overflow"),
    ({"name": "@ACCOUNT", "on_overflow": "cut"}, "fields[0].on_overflow"),
    ({"name": "@PHONE", "on_overflow": "cut"}, "fields[0].on_overflow"),
    ({"kind": "number", "on_overflow": "cut"}, "fields[0].on_overflow"),
]


@pytest.mark.parametrize(("how", "path"), MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_of_a_layout_is_found_when_it_is_loaded(how: dict[str, Any], path: str) -> None:
    assert [found for found, _ in check_layout(one(**how))] == [path]


def test_a_field_whose_name_misleads_may_say_what_it_is() -> None:
    assert check_layout(one(name="@NUMBER_OF_CHILDREN", kind="text", on_overflow="cut")) == []


def test_a_name_that_stands_twice_and_a_record_without_fields_are_mistakes() -> None:
    field = Field(name="X", width=1)
    assert [path for path, _ in check_layout(Layout(name="a", fields=(field, field)))] == ["fields[1].name"]
    assert [path for path, _ in check_layout(Layout(name="a", fields=()))] == ["fields"]


def test_the_ruler_shows_where_each_field_begins() -> None:
    assert ruler(HOT_LEADS).splitlines() == ["@ACCOUNT    @NUMBER   @NAME @SCOR", "|1----------|13-------|23---|29--"]
    assert ruler(one(width=1)).splitlines() == ["X", "|"]


PADS = st.sampled_from(" 0*x_é")
FIELDS = st.builds(
    Field,
    name=st.text("ABCDEFG", min_size=1, max_size=3),
    width=st.integers(1, 12),
    align=st.sampled_from(["left", "right"]),
    pad=PADS,
    case=st.sampled_from(["none", "upper", "lower"]),
    on_overflow=st.sampled_from(["error", "cut"]),
    on_missing=st.sampled_from(["error", "blank"]),
    kind=st.sampled_from([None, "text", "number", "phone", "account"]),
)
LAYOUTS = (
    st.lists(FIELDS, min_size=1, max_size=5, unique_by=lambda field: field.name)
    .map(lambda fields: Layout(name="any", fields=tuple(fields)))
    .filter(lambda layout: not check_layout(layout))
)
# Nothing that joins the character before it: two fields that run together are refused, and have their own test.
APART = st.characters(max_codepoint=0x10FF, exclude_categories=["M"]) | st.sampled_from("日本語😀")
TEXTS = st.text(APART, max_size=14) | st.text(" 0*x_éaß1.", max_size=12) | st.integers(0, 10**6).map(str)


def tidy(field: Field, value: Any) -> str | None:
    """`value` normalised, or None where the field refuses it."""
    with suppress(LayoutError):
        text = normalised(field, value)
        return text if text or field.on_missing == "blank" else None
    return None


@settings(deadline=None)
@given(LAYOUTS, st.data())
def test_what_is_written_is_read_back_and_the_width_never_changes(layout: Layout, data: st.DataObject) -> None:
    values = {field.name: tidy(field, data.draw(TEXTS)) for field in layout.fields}
    assume(None not in values.values())
    record = render(layout, values)
    assert len(record) == layout.width
    assert parse(layout, record) == values


@settings(deadline=None)
@given(FIELDS, st.text(max_size=14) | TEXTS | st.none() | st.integers() | st.floats() | st.booleans())
def test_whatever_a_field_accepts_comes_back_and_is_written_the_same_again(field: Field, value: Any) -> None:
    layout = Layout(name="any", fields=(field,))
    assume(not check_layout(layout))
    try:
        record = render(layout, {field.name: value})
    except LayoutError:
        return
    text = parse(layout, record)[field.name]
    assert len(record) == field.width
    assert text == normalised(field, value)
    assert render(layout, {field.name: text}) == record
