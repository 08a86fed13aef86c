"""What waits as a whole: when that begins, how it is probed, how it ends."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.delivery.pause import (
    Cause,
    Pause,
    after_failure,
    after_misconfiguration,
    after_refusals,
    after_success,
    after_trouble,
    applies,
    by_person,
    in_words,
    is_probe_due,
    probing,
)
from bridge.settings import Policy
from tests.words import NOON


def later(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def outage(**changes: float) -> Pause:
    found = after_trouble(5, "category:campaign", "status 503", Policy(**changes), NOON)  # type: ignore[arg-type]
    assert found
    return found


def misconfigured() -> Pause:
    return after_misconfiguration("all", "Alvaria does not know us", Policy(), NOON)


def test_the_breaker_opens_after_five_failures_one_after_another() -> None:
    assert [bool(after_trouble(times, "all", "down", Policy(), NOON)) for times in (0, 4, 5, 6)] == [0, 0, 1, 1]
    assert (outage().cause, outage().interval_s, outage().probe_at) == (Cause.OUTAGE, 2, NOON + later(2))


def test_a_wrong_configuration_pauses_at_once() -> None:
    assert (misconfigured().cause, misconfigured().probe_at) == (Cause.CONFIGURATION, NOON + later(60))


def test_a_rule_pauses_after_twenty_refusals() -> None:
    assert after_refusals(19, "rule:crm/profile", "bad key", Policy(), NOON) is None
    found = after_refusals(20, "rule:crm/profile", "bad key", Policy(), NOON)
    assert found
    assert (found.cause, found.probe_at, found.reason) == (Cause.REFUSALS, None, "refused 20 times: bad key")


def test_only_one_worker_probes_in_an_interval() -> None:
    due = NOON + later(2)
    assert not is_probe_due(outage(), due - later(0.1))
    assert is_probe_due(outage(), due)
    taken = probing(outage(), due)
    assert not is_probe_due(taken, due)
    assert is_probe_due(taken, due + later(2))


def test_an_api_that_stays_down_is_asked_less_and_less_often_but_at_least_each_minute() -> None:
    pause, intervals = outage(), []
    for _ in range(7):
        pause = after_failure(pause, NOON)
        intervals.append(pause.interval_s)
    assert intervals == [4, 8, 16, 32, 60, 60, 60]
    assert pause.probe_at == NOON + later(60)


def test_a_configuration_that_stays_wrong_is_probed_as_often_as_before() -> None:
    failed = after_failure(misconfigured(), NOON + later(61))
    assert (failed.interval_s, failed.probe_at) == (60, NOON + later(121))


def test_work_is_taken_up_gently() -> None:
    pause: Pause | None = replace(outage(), interval_s=60)
    intervals = []
    while pause and (pause := after_success(pause, NOON)):
        intervals.append(pause.interval_s)
        assert pause.probe_at == NOON + later(pause.interval_s)
    assert intervals == [15, 3.75, 0.9375]


def test_a_configuration_that_is_mended_holds_nothing_any_more() -> None:
    assert after_success(misconfigured(), NOON) is None


@given(answers=st.lists(st.booleans(), max_size=30), base_s=st.floats(0, 400))
def test_after_any_answers_a_few_good_ones_end_it(answers: list[bool], base_s: float) -> None:
    pause: Pause | None = outage(base_s=base_s)
    for is_good in answers:
        pause = pause and (after_success(pause, NOON) if is_good else after_failure(pause, NOON))
    for _ in range(5):
        pause = pause and after_success(pause, NOON)
    assert pause is None


@pytest.mark.parametrize("cause", [Cause.PERSON, Cause.REFUSALS])
def test_what_only_a_person_ends_is_neither_probed_nor_ended_by_answers(cause: Cause) -> None:
    pause = Pause(name="all", cause=cause, reason="moving", since=NOON)
    assert not is_probe_due(pause, NOON + later(1e6))
    assert probing(pause, NOON) == after_failure(pause, NOON) == after_success(pause, NOON) == pause


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["all"], "all"),
        (["source:crm"], "source:crm"),
        (["rule:crm/profile"], "rule:crm/profile"),
        (["operation:contextCookies.upsertSettings"], "operation:contextCookies.upsertSettings"),
        (["rule:crm/profile", "category:customerexperience", "all"], "all"),
        (["source:other", "rule:crm/other", "rule:other/profile", "category:campaign", "operation:x", "crm"], None),
        ([], None),
    ],
)
def test_which_pause_a_delivery_waits_for(names: list[str], found: str | None) -> None:
    pauses = [Pause(name=name, cause=Cause.OUTAGE, reason="down", since=NOON) for name in names]
    assert getattr(which(pauses), "name", None) == found


def test_a_persons_pause_is_named_before_all_others() -> None:
    pauses = [
        Pause(name=name, cause=cause, reason="", since=NOON)
        for name, cause in [
            ("all", Cause.OUTAGE),
            ("category:customerexperience", Cause.CONFIGURATION),
            ("rule:crm/profile", Cause.PERSON),
        ]
    ]
    assert which(pauses) == pauses[2]
    assert which(pauses[:2]) == pauses[1]


def which(pauses: list[Pause]) -> Pause | None:
    return applies(
        pauses,
        source="crm",
        rule="profile",
        operation="contextCookies.upsertSettings",
        category="customerexperience",
    )


@pytest.mark.parametrize(
    ("pause", "words"),
    [
        (
            by_person("source:hubspot", "we move house", NOON),
            "What comes from hubspot is paused by a person, for 5 min now: we move house. Until a person resumes it.",
        ),
        (
            after_failure(outage(), NOON + later(290)),
            "All of the category campaign waits for Alvaria to answer again, for 5 min now: status 503. "
            "The next try is due.",
        ),
        (
            after_failure(misconfigured(), NOON + later(299)),
            "Everything waits for a better configuration, for 5 min now: Alvaria does not know us. "
            "The next try is in 59 s.",
        ),
        (
            after_refusals(20, "rule:hubspot/profile", "channel is invalid.", Policy(), NOON),
            "The rule hubspot/profile is paused, since Alvaria refuses it, for 5 min now: "
            "refused 20 times: channel is invalid. Until its mapping is mended, or a person resumes it.",
        ),
    ],
)
def test_a_pause_in_words(pause: Pause, words: str) -> None:
    assert in_words(pause, NOON + later(300)) == words
