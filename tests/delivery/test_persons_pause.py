"""What a person has paused stays paused, whatever is found out meanwhile by requests that were on their way."""

from dataclasses import replace

from bridge import clock
from bridge.delivery import deliver, note, store
from bridge.delivery.pause import Cause, by_person
from bridge.delivery.turn import Batch, Sender, take_turn
from bridge.wiring import Bridge
from tests.test_flow import add
from tests.words import upsert


def test_wrong_credentials_do_not_take_the_place_of_a_persons_pause(bridge: Bridge, sender: Sender) -> None:
    add(bridge, upsert())
    wrong = replace(sender, client=replace(bridge.client, client_secret="wrong"))
    batch = take_turn(wrong, clock.now())
    assert isinstance(batch, Batch)
    with bridge.database.transaction() as conn:
        store.save_pause(conn, by_person("all", "the night shift", clock.now()))
    sent = deliver.send(wrong, batch, batch.items)
    note.settle(wrong, batch, sent, deliver.judge(wrong, sent))
    with bridge.database.reading() as conn:
        [pause] = store.all_pauses(conn)
    assert (pause.cause, pause.reason) == (Cause.PERSON, "the night shift")
