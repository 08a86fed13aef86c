"""One token for all threads: fetched once at a time, renewed before its end, dropped when refused."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridge.alvaria.tokens import Token, Tokens, read_token
from bridge.errors import TokenRefused, Unreachable
from bridge.model import Answer

NOON = datetime(2026, 5, 12, 12, tzinfo=UTC)
THREADS = 16


class Watch:
    """A clock that a test sets. It counts who looked."""

    def __init__(self) -> None:
        self.time = NOON
        self.looks = 0
        self._looked = threading.Condition()

    def __call__(self) -> datetime:
        with self._looked:
            self.looks += 1
            self._looked.notify_all()
        return self.time

    def wait_for_looks(self, count: int) -> None:
        with self._looked:
            assert self._looked.wait_for(lambda: self.looks >= count, timeout=10)


class Service:
    """Gives token after token, each for an hour; or fails with what is in `trouble`."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.given = 0
        self.trouble: Exception | None = None
        self.may_answer = threading.Event()
        self.may_answer.set()

    def __call__(self) -> Token:
        self.given += 1
        assert self.may_answer.wait(10)
        if self.trouble:
            raise self.trouble
        body = {"access_token": f"t{self.given}", "expires_in": 3600}
        return read_token(Answer(status=200, body=body), "h", self.watch.time)


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def service(watch: Watch) -> Service:
    return Service(watch)


@pytest.fixture
def tokens(watch: Watch, service: Service) -> Tokens:
    return Tokens(service, now=watch)


def test_threads_without_a_token_wait_for_the_one_that_fetches(tokens: Tokens, watch: Watch, service: Service) -> None:
    service.may_answer.clear()
    with ThreadPoolExecutor(THREADS) as pool:
        asked = [pool.submit(tokens.get) for _ in range(THREADS)]
        watch.wait_for_looks(THREADS)
        service.may_answer.set()
        assert {future.result().text for future in asked} == {"t1"}
    assert service.given == 1


def test_a_failure_is_shared_by_all_who_waited_and_the_next_tries_again(
    tokens: Tokens, watch: Watch, service: Service
) -> None:
    service.may_answer.clear()
    service.trouble = TokenRefused("no")
    with ThreadPoolExecutor(THREADS) as pool:
        asked = [pool.submit(tokens.get) for _ in range(THREADS)]
        watch.wait_for_looks(THREADS)
        service.may_answer.set()
        assert all(isinstance(future.exception(), TokenRefused) for future in asked)
    service.trouble = None
    assert tokens.get().text == f"t{service.given}"


def test_while_one_renews_the_others_go_on_with_the_old_one(tokens: Tokens, watch: Watch, service: Service) -> None:
    tokens.get()
    watch.time = NOON + timedelta(minutes=59, seconds=1)
    service.may_answer.clear()
    with ThreadPoolExecutor(1) as pool:
        renewal = pool.submit(tokens.get)
        watch.wait_for_looks(2)
        while service.given == 1:
            assert tokens.get().text == "t1"
        assert tokens.get().text == "t1"
        service.may_answer.set()
        assert renewal.result().text == "t2"
    assert tokens.get().text == "t2"


@pytest.mark.parametrize(("minutes", "fetched"), [(58.9, 1), (59, 2), (61, 2)])
def test_a_token_is_renewed_a_minute_before_its_end(
    tokens: Tokens, watch: Watch, service: Service, minutes: float, fetched: int
) -> None:
    tokens.get()
    watch.time = NOON + timedelta(minutes=minutes)
    assert tokens.get().text == f"t{fetched}"


def test_a_renewal_that_fails_early_leaves_the_old_token_and_is_not_tried_each_time(
    tokens: Tokens, watch: Watch, service: Service
) -> None:
    tokens.get()
    service.trouble = Unreachable("sign-in", "h", "ReadTimeout", sent=False)
    watch.time = NOON + timedelta(minutes=59)
    assert [tokens.get().text for _ in range(3)] == ["t1"] * 3
    assert service.given == 2
    watch.time = NOON + timedelta(minutes=59, seconds=30)
    assert (tokens.get().text, service.given) == ("t1", 3)
    watch.time = NOON + timedelta(minutes=60)
    with pytest.raises(Unreachable):
        tokens.get()


def test_a_dropped_token_is_replaced_and_a_newer_one_survives_the_drop_of_the_old(tokens: Tokens) -> None:
    first = tokens.get()
    tokens.drop(first)
    second = tokens.get()
    tokens.drop(first)
    assert (second.text, tokens.get().text) == ("t2", "t2")


def test_a_dropped_token_does_not_come_back_when_there_is_no_new_one(tokens: Tokens, service: Service) -> None:
    tokens.drop(tokens.get())
    service.trouble = Unreachable("sign-in", "h", "ReadTimeout", sent=False)
    with pytest.raises(Unreachable):
        tokens.get()


def test_a_tokens_age_is_known(tokens: Tokens, watch: Watch) -> None:
    assert tokens.age_s() is None
    tokens.get()
    watch.time = NOON + timedelta(minutes=5)
    assert tokens.age_s() == 300


@pytest.mark.parametrize(
    ("members", "renew_s", "end_s"),
    [
        ({"expires_in": 3599}, 3539, 3599),
        ({"expires_in": "3599"}, 3539, 3599),
        ({"expires_in": 10}, 5, 10),
        ({"expires_in": 10**8}, 86_340, 86_400),
        ({"expires_in": -1}, 240, 300),
        ({"expires_in": None}, 240, 300),
        ({}, 240, 300),
    ],
)
def test_a_token_knows_when_it_ends(members: dict[str, Any], renew_s: float, end_s: float) -> None:
    token = read_token(Answer(status=200, body={"access_token": "t", **members}), "h", NOON)
    assert token.renew_at == NOON + timedelta(seconds=renew_s)
    assert token.ends_at == NOON + timedelta(seconds=end_s)


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, {"error": "invalid_client"}, r"refuses us \(status 401, invalid_client\); check ALVARIA_CLIENT_ID"),
        (400, {"error": "invalid_scope"}, r"status 400, invalid_scope\)"),
        (400, {"error": "Jane Doe"}, r"\(status 400\)"),
        (403, None, r"\(status 403\)"),
        (302, "<html>", r"\(status 302\).*ALVARIA_TOKEN_URL"),
        (200, "<html>", "answered without a token; check ALVARIA_TOKEN_URL"),
        (200, {}, "answered without a token"),
        (200, {"access_token": ""}, "answered without a token"),
        (200, {"access_token": 7}, "answered without a token"),
        (200, {"access_token": "a\r\nX: b"}, "answered without a token"),
    ],
)
def test_what_is_no_token_is_a_refusal_that_says_what_to_check(status: int, body: Any, said: str) -> None:
    with pytest.raises(TokenRefused, match=said):
        read_token(Answer(status=status, body=body), "id.example.com", NOON)


def test_a_token_does_not_show_itself() -> None:
    assert "t0ps3cret" not in repr(read_token(Answer(status=200, body={"access_token": "t0ps3cret"}), "h", NOON))
