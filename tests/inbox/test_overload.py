"""Where too much waits, what comes then is turned away at once, and the process stays alive."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from bridge.inbox.commit import Committer
from bridge.inbox.overload import EVERY_S, Overload
from bridge.settings import Room
from bridge.tables import webhooks
from bridge.web import create_app
from bridge.wiring import Bridge
from tests.inbox.crowd import Crowd
from tests.words import event, webhook

SMALL = Room(webhooks=2, bytes=1_000, wait_s=3)


@pytest.mark.parametrize(
    ("waiting", "lack"),
    [
        ({"webhooks": 0, "size": 0, "oldest_s": 0}, None),
        ({"webhooks": 1, "size": 999, "oldest_s": 2.9}, None),
        ({"webhooks": 2, "size": 0, "oldest_s": 0}, "2 webhooks are waiting"),
        ({"webhooks": 1, "size": 1_000, "oldest_s": 0}, "1000 bytes are waiting"),
        ({"webhooks": 1, "size": 1, "oldest_s": 3}, "a webhook has been waiting for 3 s"),
    ],
)
def test_what_there_is_too_much_of(waiting: dict[str, float], lack: str | None) -> None:
    assert SMALL.lack(**waiting) == lack  # type: ignore[arg-type]


@pytest.fixture
def committer(bridge: Bridge) -> Committer:
    return Committer(bridge.database, Room(webhooks=1))


@pytest.fixture
def web(bridge: Bridge, committer: Committer) -> FlaskClient:
    return create_app(bridge, committer).test_client()


@contextmanager
def one_waiting(committer: Committer) -> Iterator[None]:
    """A webhook that has been handed over and cannot be kept yet."""
    crowd = Crowd(committer)
    crowd.add(webhook(), event())
    yield
    crowd.go()


@pytest.mark.parametrize(("source", "status"), [("hubspot", 429), ("salesforce", 503)])
def test_a_webhook_is_turned_away_unread_and_told_when_to_come_again(
    web: FlaskClient, bridge: Bridge, committer: Committer, source: str, status: int
) -> None:
    with one_waiting(committer):
        answer = web.post(f"/webhooks/{source}", data=b"signed by nobody")
        assert answer.status_code == status
        assert int(answer.headers["Retry-After"]) > 0
        assert web.get("/healthz").status_code == 200
        assert web.post("/webhooks/nobody").status_code == 404
    assert web.post(f"/webhooks/{source}", data=b"signed by nobody").status_code == 401
    with bridge.database.reading() as conn:
        assert conn.execute(select(func.count()).select_from(webhooks)).scalar_one() == 1


def test_what_is_turned_away_is_counted(web: FlaskClient, committer: Committer) -> None:
    line = 'bridge_webhooks_total{result="overloaded",source="generic"}'

    def counted() -> float:
        found = [text for text in web.get("/metrics").text.splitlines() if text.startswith(line)]
        return float(found[0].split()[-1]) if found else 0.0

    before = counted()
    with one_waiting(committer):
        for _ in range(3):
            web.post("/webhooks/generic", data=b"{}")
    assert counted() == before + 3


def test_a_flood_makes_one_line_now_and_then() -> None:
    overload = Overload()
    moments = [0.0, 1.0, EVERY_S - 0.1, EVERY_S, EVERY_S + 1, 3 * EVERY_S]
    assert [overload._to_tell(moment) for moment in moments] == [1, 0, 0, 3, 0, 2]
