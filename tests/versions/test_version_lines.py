"""What is said of the mappings at work."""

from sqlalchemy import select

from bridge.inbox import store as inbox
from bridge.model import Outcome, OutcomeKind
from bridge.tables import events
from bridge.versions import queries
from tests.versions.conftest import Shop, saying
from tests.words import NOON, event, webhook

DONE = Outcome(rule="tier", kind=OutcomeKind.TRANSLATED)


def translate(shop: Shop, key: str, *outcomes: Outcome, translation: int = 1) -> None:
    """As the version that is at work would."""
    with shop.database.transaction() as conn:
        inbox.keep(conn, webhook(), (event(dedup_key=key),))
        event_id = conn.execute(select(events.c.id).where(events.c.dedup_key == key)).scalar_one()
        [line] = queries.mapping_lines(conn)
        made = inbox.Translation(event_id=event_id, translation=translation, mapping_version=line.version, at=NOON)
        inbox.add_outcomes(conn, [(made, outcome) for outcome in outcomes])


def counted(shop: Shop) -> int | None:
    with shop.database.reading() as conn:
        [line] = queries.counted_lines(conn)
    return line.events


def test_each_event_that_a_version_has_translated_counts_once(shop: Shop) -> None:
    shop.read()
    assert counted(shop) == 0
    translate(shop, "a", DONE, Outcome(rule="lead", kind=OutcomeKind.TRANSLATED))
    translate(shop, "a", DONE, translation=2)
    translate(shop, "b", DONE, Outcome(rule="lead", kind=OutcomeKind.IGNORED))
    translate(shop, "c", Outcome(rule="tier", kind=OutcomeKind.REJECTED))
    assert counted(shop) == 2
    shop.write(saying("silver"))
    shop.read()
    assert counted(shop) == 0
