"""How what was claimed ends: by its verdict, with its worker, and what that means for what it had replaced."""

from datetime import datetime

import pytest

from bridge.db import Database
from bridge.model import Dead, Delivered, Delivery, Retry, Unknown
from bridge.outbox.plan import DELETE, Room, sha256
from bridge.outbox.store.settle import claimants
from tests.outbox.acts import (
    DOUBT,
    INSERT,
    WORKER,
    claim,
    confirm,
    contents,
    deletion,
    discard,
    found,
    given,
    group,
    later,
    line,
    numbers,
    release,
    settle,
    settle_doubts,
    state,
    states,
    write_states,
)
from tests.words import NOON, insert, upsert

AFTER_DOUBT = NOON + DOUBT


def test_a_retry_waits_for_its_time_and_counts(database: Database) -> None:
    [number] = given(database, upsert())
    settle(database, claim(database), Retry(at=later(10), reason="status 503"))
    assert claim(database, now=later(9)) == ()
    [again] = claim(database, now=later(10))
    assert (again.delivery.attempts, again.delivery.reason) == (1, "status 503")
    assert found(database, number).attempts == 2


def test_waiting_because_the_api_asked_for_it_costs_no_attempt(database: Database) -> None:
    [number] = given(database, upsert())
    settle(database, claim(database), Retry(at=NOON, reason="status 429", counts=False))
    assert found(database, number).attempts == 0


def test_what_shared_a_request_ends_together(database: Database) -> None:
    both = given(database, group({"crm.a": "1"}), group({"crm.b": "1"}))
    assert settle(database, claim(database), Delivered(), now=later(1)) == both
    assert states(database, both) == ["delivered", "delivered"]
    assert [line(database, key)["delivered_at"] for key in ("crm.a", "crm.b")] == [later(1), later(1)]


# Lost claims


def test_a_worker_that_lost_its_claim_cannot_settle(database: Database) -> None:
    [number] = given(database, upsert())
    lost = claim(database)
    release(database)
    claim(database, worker="host/2/b")
    assert settle(database, lost, Delivered()) == []
    assert (state(database, number), line(database, "crm.tier")["written_by"]) == ("claimed", None)


def test_a_batch_that_was_lost_changes_nothing_of_what_others_made_of_it(database: Database) -> None:
    first, second = given(database, group({"crm.a": "1"}), group({"crm.b": "1"}))
    items = claim(database)
    release(database)
    assert numbers(claim(database, worker="host/2/b", room=Room(settings=1, bytes=100_000))) == [first]
    assert settle(database, items, Delivered()) == []
    assert states(database, [first, second]) == ["claimed", "waiting"]


@pytest.mark.parametrize(("delivery", "after"), [(upsert(), "waiting"), (insert(), "unknown")])
def test_what_a_worker_had_that_is_gone_is_sent_again_only_if_that_does_no_harm(
    database: Database, delivery: Delivery, after: str
) -> None:
    [number] = given(database, delivery)
    claim(database, delivery.operation)
    with database.reading() as conn:
        assert claimants(conn) == [WORKER]
    assert release(database, "host/2/b") == 0
    assert release(database) == 1
    assert (state(database, number), release(database)) == (after, 0)
    with database.reading() as conn:
        assert claimants(conn) == []


def test_a_cookie_whose_writer_is_gone_is_in_doubt(database: Database) -> None:
    given(database, upsert())
    claim(database)
    release(database)
    kept = line(database, "crm.tier")
    assert kept["unsettled_until"] == AFTER_DOUBT


def test_an_insert_that_was_taken_for_lost_is_settled_when_its_answer_comes_after_all(database: Database) -> None:
    first, second = given(database, insert(), insert(item=1))
    items = claim(database, INSERT)
    release(database)
    assert (state(database, first), claim(database, INSERT)) == ("unknown", ())
    assert settle(database, items, Delivered()) == [first]
    assert state(database, first) == "delivered"
    assert numbers(claim(database, INSERT)) == [second]


def test_what_a_person_has_decided_meanwhile_stands(database: Database) -> None:
    [number] = given(database, insert())
    items = claim(database, INSERT)
    release(database)
    confirm(database, number)
    assert settle(database, items, Dead(reason="status 400")) == []
    assert state(database, number) == "delivered"


def test_an_answer_that_left_a_doubt_does_not_come_again(database: Database) -> None:
    [number] = given(database, insert())
    items = claim(database, INSERT)
    assert settle(database, items, Unknown(reason="status 500")) == [number]
    assert settle(database, items, Delivered()) == []
    assert (state(database, number), found(database, number).reason) == ("unknown", "status 500")


# What a newer one had replaced


def replaced(database: Database) -> tuple[int, int]:
    """Two changes of one cookie; the older one has given way to the newer one, which is out."""
    [older] = given(database, group({"crm.a": "old"}, later(1)))
    [newer] = given(database, group({"crm.a": "new"}, later(2)))
    return older, newer


def test_what_was_replaced_by_one_that_dies_is_sent_after_all(database: Database) -> None:
    older, newer = replaced(database)
    settle(database, claim(database), Dead(reason="status 400"), now=later(5))
    assert states(database, [older, newer]) == ["waiting", "dead"]
    again = found(database, older)
    assert (again.due_at, again.reason) == (later(5), "the newer change that had replaced it was not made")
    assert contents(claim(database, now=later(5))) == {"crm.a": "old"}


def test_the_newest_of_those_that_are_left_is_sent(database: Database) -> None:
    added = [number for at in (1, 3, 2) for number in given(database, group({"crm.a": str(at)}, later(at)))]
    given(database, deletion("crm.a", at=later(4)))
    settle(database, claim(database, DELETE), Dead(reason="status 400"))
    settle(database, claim(database), Dead(reason="status 400"))
    assert contents(claim(database)) == {"crm.a": "2"}
    assert states(database, added) == ["superseded", "dead", "claimed"]


def test_what_was_replaced_by_one_that_runs_out_is_sent_although_the_rest_of_its_group_goes_first(
    database: Database,
) -> None:
    [older] = given(database, group({"crm.a": "old", "crm.b": "old"}, later(1)))
    [newer] = given(database, group({"crm.b": "new"}, later(2), expires_at=later(20)))
    first = claim(database, now=later(30))
    assert contents(first) == {"crm.a": "old"}
    settle(database, first, Delivered(), now=later(30))
    assert states(database, [older, newer]) == ["waiting", "dead"]
    rest = claim(database, now=later(31))
    assert contents(rest) == {"crm.b": "old"}
    settle(database, rest, Delivered(), now=later(31))
    assert state(database, older) == "delivered"


def test_what_was_replaced_by_the_part_of_a_group_that_runs_out_is_sent_after_all(database: Database) -> None:
    [oldest] = given(database, group({"crm.b": "oldest"}, later(1)))
    [older] = given(database, group({"crm.a": "old", "crm.b": "old"}, later(2), expires_at=later(20)))
    [newer] = given(database, group({"crm.b": "new"}, later(3)))
    sent = claim(database)
    settle(database, [item for item in sent if item.delivery.id == older], Delivered())
    settle(database, [item for item in sent if item.delivery.id == newer], Dead(reason="status 400"), now=later(30))
    again = claim(database, now=later(30)) or claim(database, now=later(30))
    assert contents(again) == {"crm.b": "oldest"}
    assert states(database, [oldest, older, newer]) == ["claimed", "delivered", "dead"]


def test_a_deletion_that_was_replaced_is_made_after_all(database: Database) -> None:
    [gone] = given(database, deletion("crm.a", at=later(1)))
    given(database, group({"crm.a": "new"}, later(2)))
    assert claim(database, DELETE) == ()
    settle(database, claim(database), Dead(reason="status 400"))
    assert numbers(claim(database, DELETE)) == [gone]


def test_a_part_that_was_replaced_of_a_delivered_group_is_sent_after_all(database: Database) -> None:
    [older] = given(database, group({"crm.a": "old", "crm.b": "old"}, later(1)))
    [newer] = given(database, group({"crm.a": "new"}, later(2)))
    sent = claim(database)
    settle(database, [item for item in sent if item.delivery.id == older], Delivered())
    assert (state(database, older), write_states(database, older)["crm.a"]) == ("delivered", "superseded")
    settle(database, [item for item in sent if item.delivery.id == newer], Dead(reason="status 400"))
    assert state(database, older) == "waiting"
    assert contents(claim(database)) == {"crm.a": "old"}


def test_a_part_that_is_wanted_again_while_the_rest_is_out_is_sent_after_it(database: Database) -> None:
    [older] = given(database, group({"crm.a": "old", "crm.b": "old"}, later(1)))
    [newer] = given(database, group({"crm.a": "new"}, later(2)))
    sent = claim(database)
    settle(database, [item for item in sent if item.delivery.id == newer], Dead(reason="status 400"))
    assert write_states(database, older) == {"crm.a": "waiting", "crm.b": "claimed"}
    settle(database, [item for item in sent if item.delivery.id == older], Delivered())
    assert found(database, older).reason == "a part of it is sent again"
    again = claim(database)
    assert contents(again) == {"crm.a": "old"}
    settle(database, again, Delivered())
    assert state(database, older) == "delivered"


def test_what_was_delivered_already_is_not_sent_again_for_a_newer_one_that_dies(database: Database) -> None:
    [older] = given(database, group({"crm.a": "old"}, later(1)))
    settle(database, claim(database), Delivered())
    given(database, group({"crm.a": "new"}, later(2)))
    settle(database, claim(database), Dead(reason="status 400"))
    assert (state(database, older), claim(database)) == ("delivered", ())
    assert line(database, "crm.a")["asked_by"] == older


def test_nothing_is_asked_for_when_the_only_one_dies(database: Database) -> None:
    given(database, upsert())
    settle(database, claim(database), Dead(reason="status 400"))
    kept = line(database, "crm.tier")
    assert (kept["asked_by"], kept["asked_stamp"]) == (None, "")


# Doubts


def in_doubt(database: Database) -> int:
    """A write that may still be carried out after DOUBT, of which a newer one was accepted meanwhile."""
    given(database, group({"crm.a": "old"}, later(1)))
    settle(database, claim(database), Retry(at=later(300), reason="no answer", in_doubt=True))
    [newer] = given(database, group({"crm.a": "new"}, later(2)))
    settle(database, claim(database), Delivered())
    return newer


def test_the_current_value_is_sent_again_when_a_doubt_is_over(database: Database) -> None:
    newer = in_doubt(database)
    assert line(database, "crm.a")["unsettled_until"] == AFTER_DOUBT
    assert settle_doubts(database, later(99)) == 0
    assert settle_doubts(database, AFTER_DOUBT) == 1
    assert found(database, newer).reason == "sent again, since an older request may have come after it"
    again = claim(database, now=AFTER_DOUBT)
    assert contents(again) == {"crm.a": "new"}
    settle(database, again, Delivered(), now=AFTER_DOUBT)
    assert line(database, "crm.a")["unsettled_until"] is None
    assert settle_doubts(database, later(1000)) == 0


def test_a_deletion_is_made_again_when_a_doubt_is_over(database: Database) -> None:
    given(database, group({"crm.a": "old"}, later(1)))
    settle(database, claim(database), Retry(at=later(300), reason="no answer", in_doubt=True))
    [gone] = given(database, deletion("crm.a", at=later(2)))
    settle(database, claim(database, DELETE), Delivered())
    assert settle_doubts(database, AFTER_DOUBT) == 1
    assert numbers(claim(database, DELETE, now=AFTER_DOUBT)) == [gone]


def test_a_request_that_began_before_the_end_of_a_doubt_does_not_settle_it(database: Database) -> None:
    in_doubt(database)
    settle_doubts(database, AFTER_DOUBT)
    settle(database, claim(database, now=AFTER_DOUBT), Delivered(), now=later(99))
    assert line(database, "crm.a")["unsettled_until"] == AFTER_DOUBT
    assert settle_doubts(database, AFTER_DOUBT) == 1


def test_a_newer_change_that_waits_settles_the_doubt_when_it_is_sent(database: Database) -> None:
    in_doubt(database)
    given(database, group({"crm.a": "newest"}, later(3)))
    assert settle_doubts(database, AFTER_DOUBT) == 0
    settle(database, claim(database, now=AFTER_DOUBT), Delivered(), now=AFTER_DOUBT)
    assert line(database, "crm.a")["unsettled_until"] is None


def test_what_was_never_accepted_and_is_given_up_is_deleted_for_it_may_have_come(database: Database) -> None:
    [number] = given(database, group({"crm.a": "x"}))
    settle(database, claim(database), Retry(at=later(5), reason="no answer", in_doubt=True))
    settle(database, claim(database, now=later(5)), Dead(reason="status 400"))
    assert state(database, number) == "dead"
    assert settle_doubts(database, AFTER_DOUBT) == 1
    assert is_being_deleted(database, "crm.a", AFTER_DOUBT)
    [later_one] = given(database, group({"crm.a": "x"}, later(-60)), now=AFTER_DOUBT)
    assert numbers(claim(database, now=AFTER_DOUBT)) == [later_one], "any change is newer than that"


def is_being_deleted(database: Database, key: str, now: datetime) -> bool:
    """Once; and the doubt is over with it."""
    [item] = claim(database, DELETE, now=now)
    settle(database, [item], Delivered(), now=now)
    return item.keys == [key] and settle_doubts(database, now) == 0 and line(database, key)["deleted_at"] == now


def test_a_newer_value_that_is_refused_when_it_is_sent_again_leaves_the_older_one_as_it_is(database: Database) -> None:
    """Nobody knows what became of its first request: the older value is made sure of when the doubt is over."""
    [older] = given(database, group({"crm.a": "old"}, later(1)))
    settle(database, claim(database), Delivered())
    [newer] = given(database, group({"crm.a": "new"}, later(2)))
    settle(database, claim(database), Retry(at=later(5), reason="no answer", in_doubt=True))
    settle(database, claim(database, now=later(5)), Dead(reason="status 400: too long"), now=later(5))
    kept = line(database, "crm.a")
    assert (kept["written_by"], kept["asked_by"], kept["content_sha256"]) == (older, older, sha256("old"))
    assert (state(database, newer), found(database, newer).reason) == ("dead", "status 400: too long")
    assert settle_doubts(database, AFTER_DOUBT) == 1
    assert contents(claim(database, now=AFTER_DOUBT)) == {"crm.a": "old"}


def sent_again(database: Database) -> tuple[int, int]:
    """An older change that gave way to a newer one; that one was accepted, and is to be sent again after a doubt."""
    [older] = given(database, group({"crm.a": "old"}, later(1)))
    settle(database, claim(database), Retry(at=later(300), reason="no answer", in_doubt=True))
    [newer] = given(database, group({"crm.a": "new"}, later(2)))
    settle(database, claim(database), Delivered())
    assert claim(database, now=later(300)) == ()
    assert settle_doubts(database, later(300)) == 1
    return older, newer


def test_what_was_accepted_and_is_refused_when_it_is_sent_again_stays_in_the_ledger(database: Database) -> None:
    older, newer = sent_again(database)
    settle(database, claim(database, now=later(300)), Dead(reason="status 400: too long"), now=later(300))
    assert states(database, [older, newer]) == ["superseded", "dead"]
    assert found(database, newer).reason == "status 400: too long"
    kept = line(database, "crm.a")
    assert (kept["written_by"], kept["asked_by"]) == (newer, newer)
    assert claim(database, now=later(301)) == ()
    assert settle_doubts(database, later(301)) == 0
    assert line(database, "crm.a")["unsettled_until"] is None
    [next_one] = given(database, group({"crm.a": "new"}, later(3)), now=later(301))
    assert numbers(claim(database, now=later(301))) == [next_one], "nobody knows for certain what Alvaria has"


def test_what_was_accepted_and_is_given_up_when_it_is_to_be_sent_again_stays_in_the_ledger(database: Database) -> None:
    older, newer = sent_again(database)
    assert discard(database, newer, now=later(300))
    assert states(database, [older, newer]) == ["superseded", "discarded"]
    assert (line(database, "crm.a")["written_by"], line(database, "crm.a")["asked_by"]) == (newer, newer)
    assert settle_doubts(database, later(301)) == 0
    assert line(database, "crm.a")["unsettled_until"] is None


def test_a_value_that_has_run_out_is_deleted_when_an_older_one_may_have_come_after_it(database: Database) -> None:
    given(database, group({"crm.a": "old"}, later(1)))
    settle(database, claim(database), Retry(at=later(300), reason="no answer", in_doubt=True))
    [newer] = given(database, group({"crm.a": "new"}, later(2), expires_at=later(62)))
    settle(database, claim(database), Delivered())
    assert settle_doubts(database, AFTER_DOUBT) == 1
    assert (state(database, newer), line(database, "crm.a")["unsettled_until"]) == ("delivered", None)
    assert is_being_deleted(database, "crm.a", AFTER_DOUBT)
    given(database, group({"crm.a": "older"}, later(1)), now=AFTER_DOUBT)
    assert claim(database, now=AFTER_DOUBT) == (), "it is as new as the value that has run out"


def test_a_value_that_runs_out_before_it_is_sent_again_was_delivered_nevertheless(database: Database) -> None:
    given(database, group({"crm.a": "old"}, later(1)))
    settle(database, claim(database), Retry(at=later(300), reason="no answer", in_doubt=True))
    [newer] = given(database, group({"crm.a": "new"}, later(2), expires_at=later(110)))
    settle(database, claim(database), Delivered())
    assert settle_doubts(database, AFTER_DOUBT) == 1
    assert claim(database, now=later(110)) == ()
    assert state(database, newer) == "delivered"
    assert settle_doubts(database, later(110)) == 1
    assert is_being_deleted(database, "crm.a", later(110))


def test_a_retry_that_was_certainly_not_carried_out_leaves_no_doubt(database: Database) -> None:
    given(database, upsert())
    settle(database, claim(database), Retry(at=later(5), reason="status 429"))
    assert line(database, "crm.tier")["unsettled_until"] is None
