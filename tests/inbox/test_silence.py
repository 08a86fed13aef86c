"""A source that expects webhooks and gets none is told, until it speaks again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge import clock, worker
from bridge.documents import load
from bridge.errors import BadDocument
from bridge.inbox import silence, store
from bridge.maintenance.doctor import examine
from bridge.sources.schema import read_source
from bridge.sources.source import Source
from bridge.wiring import Bridge
from tests.words import NOON, event, webhook

SIX_HOURS = timedelta(hours=6)


def source(bridge: Bridge, **changes: object) -> Source:
    return replace(bridge.catalogue.mappings["generic"].source, **changes)  # type: ignore[arg-type]


def receive(bridge: Bridge, *, ago: timedelta) -> None:
    with bridge.database.transaction() as conn:
        store.keep(conn, webhook(received_at=NOON - ago), (event(dedup_key=str(ago)),))


def found(bridge: Bridge, *sources: Source) -> list[str]:
    with bridge.database.reading() as conn:
        return [str(one) for one in silence.silent(conn, sources, NOON)]


@pytest.mark.parametrize(
    ("ago", "is_silent"), [(None, True), (timedelta(hours=7), True), (SIX_HOURS, False), (timedelta(0), False)]
)
def test_silence_begins_when_the_expected_time_is_over(bridge: Bridge, ago: timedelta | None, is_silent: bool) -> None:
    if ago is not None:
        receive(bridge, ago=timedelta(days=9))
        receive(bridge, ago=ago)
    told = found(bridge, source(bridge, expect_every=SIX_HOURS))
    assert bool(told) is is_silent
    if told:
        assert "expected every 6 h" in told[0]


def test_a_source_that_expects_nothing_is_never_silent(bridge: Bridge) -> None:
    assert found(bridge, source(bridge)) == []


def test_another_sources_webhooks_do_not_break_the_silence(bridge: Bridge) -> None:
    receive(bridge, ago=timedelta(0))
    [told] = found(bridge, source(bridge, name="other", expect_every=SIX_HOURS))
    assert told.startswith("other: nothing received so far")


def test_the_worker_and_the_doctor_tell_and_the_metrics_show_it(bridge: Bridge) -> None:
    mappings = dict(bridge.catalogue.mappings)
    mappings["generic"] = replace(mappings["generic"], source=source(bridge, expect_every=SIX_HOURS))
    expecting = replace(bridge, catalogue=replace(bridge.catalogue, mappings=mappings))
    assert worker.listen(expecting, frozenset()) == {"generic"}
    words = [
        one.words
        for one in examine(
            expecting.settings, expecting.catalogue, expecting.database, expecting.client, now=clock.now()
        )
        if one.what == "silence"
    ]
    assert words
    receive(bridge, ago=timedelta(0))
    assert worker.listen(expecting, frozenset({"generic"})) == frozenset()


@pytest.mark.parametrize(
    ("written", "every"), [("{every: 6h}", SIX_HOURS), ("{every: 8d}", timedelta(days=8)), (None, None)]
)
def test_a_mapping_says_how_often_something_is_expected(written: str | None, every: timedelta | None) -> None:
    expect = f", expect: {written}" if written else ""
    text = f"source: {{name: shop, preset: generic, secrets: {{api_key: [k]}}{expect}}}"
    made, problems = read_source(load(text, "a.yaml"), ("source",), {})
    assert problems == []
    assert made
    assert made.expect_every == every


@pytest.mark.parametrize("written", ["{}", "{every: often}", "6h", "{evry: 6h}"])
def test_a_mistake_in_it_is_told(written: str) -> None:
    text = f"source: {{name: shop, preset: generic, secrets: {{api_key: [k]}}, expect: {written}}}"
    try:
        made, problems = read_source(load(text, "a.yaml"), ("source",), {})
    except BadDocument as error:
        made, problems = None, list(error.problems)
    assert made is None
    assert problems
