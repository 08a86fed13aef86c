"""The control routes: rate limit, faults, journal, seeds, reset; and what they say to a malformed request."""

import http.client
import threading
from typing import Any

import pytest

from bridge.sandbox.front import answer
from bridge.sandbox.messages import Ask
from bridge.sandbox.serve import running
from bridge.sandbox.state import State
from tests.sandbox.client import COOKIES, EVERY_SCOPE, LISTS, Client, Clock, setting

SETTINGS = f"{COOKIES}/settings"
UPSERT = "contextCookies.upsertSettings"


def fault(client: Client, **members: Any) -> None:
    assert client.post("/_sandbox/faults", members).status == 201


def test_every_answer_of_the_api_says_how_much_is_left(client: Client) -> None:
    client.put("/_sandbox/rate-limit", {"limit": 5, "window_s": 10})
    answers = [
        client.get(LISTS),
        client.get(f"{LISTS}/1"),
        client.get(LISTS, Authorization=""),
        client.put(LISTS),
        client.get(f"{LISTS}?status=x"),
    ]
    assert [answer.status for answer in answers] == [200, 404, 401, 405, 400]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["4", "3", "2", "1", "0"]
    assert {(answer.headers["X-RateLimit-Limit"], answer.headers["X-RateLimit-Reset"]) for answer in answers} == {
        ("5", "10")
    }


def test_one_request_too_many_is_429_until_the_window_ends(client: Client, clock: Clock) -> None:
    client.put("/_sandbox/rate-limit", {"limit": 1, "window_s": 2.5})
    client.get(SETTINGS)
    clock.advance(1)
    got = client.post(SETTINGS, {"settings": [setting()]})
    assert (got.status, got.json["code"], got.headers["Retry-After"]) == (429, 429, "2")
    clock.advance(1.5)
    assert client.get(SETTINGS).json["totalItems"] == 0


def test_each_category_and_key_has_its_own_count(client: Client) -> None:
    client.put("/_sandbox/rate-limit", {"limit": 1, "window_s": 10})
    assert [client.get(path).status for path in (SETTINGS, f"{COOKIES}/customers", LISTS)] == [200, 429, 200]
    assert client.get(LISTS).json["error"]["code"] == 429
    assert client.get(LISTS, x_api_key="other").status == 401


def test_the_token_service_and_the_control_routes_are_not_counted(client: Client) -> None:
    client.put("/_sandbox/rate-limit", {"limit": 0, "window_s": 10})
    assert [client.token().status, client.get("/_sandbox/settings").status, client.get(LISTS).status] == [200, 200, 429]


def test_a_fault_answers_in_place_of_the_work_as_often_as_ordered(client: Client) -> None:
    fault(client, operation=UPSERT, times=2, status=503, headers={"Retry-After": "7"}, body={"code": 1})
    answers = [client.post(SETTINGS, {"settings": [setting()]}) for _ in range(3)]
    assert [answer.status for answer in answers] == [503, 503, 204]
    assert (answers[0].headers["Retry-After"], answers[0].json) == ("7", {"code": 1})
    assert client.get(SETTINGS).json["totalItems"] == 1


@pytest.mark.parametrize(
    ("status", "shape"), [(500, {"code", "message", "errors"}), (429, {"code", "message", "errors"})]
)
def test_a_fault_without_a_body_has_the_documents_error_shape(client: Client, status: int, shape: set[str]) -> None:
    fault(client, operation="contextCookies.listSettings", status=status)
    got = client.get(SETTINGS)
    assert (got.status, set(got.json)) == (status, shape)


def test_a_fault_of_401_has_no_body(client: Client) -> None:
    fault(client, operation="campaign.listLists", status=401)
    got = client.get(LISTS)
    assert (got.status, got.content) == (401, b"")


def test_a_fault_may_answer_like_a_proxy(client: Client) -> None:
    fault(
        client, operation="campaign.listLists", status=502, body="<h1>Bad</h1>", headers={"Content-Type": "text/html"}
    )
    got = client.get(LISTS)
    assert (got.text, got.headers["Content-Type"]) == ("<h1>Bad</h1>", "text/html")


def test_a_fault_with_a_match_meets_the_poison_only(client: Client) -> None:
    fault(client, operation=UPSERT, times=9, match="poi[s]on", status=400)
    statuses = [
        client.post(SETTINGS, {"settings": [setting(content=word)]}).status for word in ("good", "poison", "fine")
    ]
    assert statuses == [204, 400, 204]


def test_a_fault_meets_its_operation_only_and_any_without_one(client: Client) -> None:
    fault(client, operation="campaign.getList", status=500)
    assert [client.get(LISTS).status, client.get(f"{LISTS}/4711").status] == [200, 500]
    fault(client, status=500)
    assert [client.get(LISTS).status, client.get(LISTS).status] == [500, 200]


def test_a_request_that_is_refused_anyway_uses_up_no_fault(client: Client) -> None:
    fault(client, operation="campaign.listLists", status=500)
    assert [client.get(LISTS, x_api_key="x").status, client.get(LISTS).status] == [401, 500]


def test_faults_can_be_cleared(client: Client) -> None:
    fault(client, operation="campaign.listLists", times=5, status=500)
    assert client.delete("/_sandbox/faults").status == 204
    assert client.get(LISTS).status == 200


def test_a_fault_of_headers_only_leaves_the_work_alone(client: Client) -> None:
    fault(client, operation="campaign.listLists", headers={"X-RateLimit-Remaining": "0"})
    got = client.get(LISTS)
    assert (got.status, got.json["totalItems"], got.headers["X-RateLimit-Remaining"]) == (200, 54, "0")


@pytest.mark.parametrize(("drop", "written"), [("before", 0), ("after", 1)])
def test_a_dropped_connection_loses_the_answer_before_or_after_the_work(
    client: Client, drop: str, written: int
) -> None:
    fault(client, operation=UPSERT, drop=drop)
    with pytest.raises(http.client.RemoteDisconnected):
        client.post(SETTINGS, {"settings": [setting()]})
    assert client.get(SETTINGS).json["totalItems"] == written
    assert [entry["status"] for entry in client.journal(UPSERT)] == [None]


def test_delayed_work_is_done_even_when_the_client_has_gone(clock: Clock) -> None:
    reached, go_on = threading.Event(), threading.Event()
    waits: list[tuple[float, threading.Thread]] = []

    def pause(seconds: float) -> None:
        waits.append((seconds, threading.current_thread()))
        reached.set()
        go_on.wait(20)

    with running(now=clock, pause=pause) as sandbox:
        impatient, patient = Client(sandbox.url), Client(sandbox.url)
        impatient.sign_in()
        patient.sign_in()
        fault(patient, operation=UPSERT, delay_s=30)
        content = b'{"settings": [{"customerId": "7", "key": "k", "content": "c", "channel": "all"}]}'
        impatient.connection.request(
            "POST", SETTINGS, content, {**impatient.credentials, "Content-Type": "application/json"}
        )
        assert reached.wait(20)
        assert patient.get(SETTINGS).json["totalItems"] == 0
        impatient.connection.close()
        go_on.set()
        [(seconds, worker)] = waits
        worker.join(20)
        assert seconds == 30
        assert patient.get(SETTINGS).json["totalItems"] == 1
        patient.connection.close()


def test_the_journal_tells_what_was_asked_and_answered(client: Client) -> None:
    client.post(f"{SETTINGS}?x=1", {"settings": [setting(channel="fax")]})
    client.get("/via/v2/organizations/acme/nothing")
    assert client.journal()[1:] == [
        {
            "time": "2030-01-01T12:00:00.000Z",
            "operation": UPSERT,
            "method": "POST",
            "path": SETTINGS,
            "query": "x=1",
            "status": 400,
            "body": {"settings": [setting(channel="fax")]},
        },
        {
            "time": "2030-01-01T12:00:00.000Z",
            "operation": None,
            "method": "GET",
            "path": "/via/v2/organizations/acme/nothing",
            "query": "",
            "status": 404,
            "body": None,
        },
    ]
    assert [entry["operation"] for entry in client.journal("token")] == ["token"]


def test_the_journal_has_no_credentials(client: Client) -> None:
    client.token(client_secret="hush-hush", secret="wrong-secret")
    client.get(LISTS)
    told = client.get("/_sandbox/requests").text
    assert client.journal("token")[-1]["body"] == {
        "grant_type": "client_credentials",
        "scope": EVERY_SCOPE,
        "realm": "acme",
    }
    for secret in ("hush-hush", "wrong-secret", "sandbox-secret", "sandbox-key", client.credentials["Authorization"]):
        assert secret not in told


def test_the_journal_keeps_the_last_ten_thousand() -> None:
    state = State()
    for number in range(10_001):
        answer(state, Ask(method="GET", path=f"{LISTS}/{number}"))
    assert (len(state.journal), state.journal[0].path) == (10_000, f"{LISTS}/1")


def test_a_reset_brings_the_beginning_back_and_keeps_tokens_good(client: Client) -> None:
    client.post(SETTINGS, {"settings": [setting()]})
    client.post("/_sandbox/seed", {"lists": [{"id": 1, "name": "x", "listType": 0}]})
    client.put("/_sandbox/limits", {"content": 1})
    fault(client, operation="campaign.listLists", status=500)
    assert client.post("/_sandbox/reset").status == 204
    assert client.journal() == []
    assert client.get(SETTINGS).json["totalItems"] == 0
    assert client.get(LISTS).json["totalItems"] == 54
    assert client.get("/_sandbox/limits").json["content"] == 4000


def test_a_seed_fills_collections(client: Client) -> None:
    seed = {
        "settings": [setting(sessionId="s1")],
        "lists": [{"id": 5, "name": "Extra", "layout": [{"name": "@NUMBER", "width": 4}]}],
        "dialogs": [{"sessionId": "d1", "context": "c"}],
    }
    assert client.post("/_sandbox/seed", seed).json == {"settings": 1, "lists": 1, "dialogs": 1}
    assert client.get(f"{LISTS}/5").json["name"] == "Extra"
    assert client.get("/_sandbox/dialogs/d1").json["context"] == "c"
    [held] = client.get("/_sandbox/settings").json["settings"]
    assert (held["custom"], held["sessionId"]) == (False, "s1")


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        ("POST", "faults", {"operation": "contextCookies.upsertSetings", "status": 500}, "operation must be one of"),
        ("POST", "faults", {"operation": UPSERT}, "needs at least one of"),
        ("POST", "faults", {"status": 500, "tmes": 2}, "did you mean 'times'?"),
        ("POST", "faults", {"status": 42}, "status must be a whole number from 200 to 599"),
        ("POST", "faults", {"status": 500, "times": 0}, "times must be a whole number of at least 1"),
        ("POST", "faults", {"status": 500, "match": "("}, "match must be a regular expression"),
        ("POST", "faults", {"drop": "later"}, "drop must be one of: before, after"),
        ("POST", "faults", {"delay_s": -1}, "delay_s must be a number of at least 0"),
        ("POST", "faults", {"status": 500, "headers": {"Retry-After": 1}}, "headers must be an object of texts"),
        ("POST", "faults", b"{", "not valid JSON"),
        ("PUT", "rate-limit", {"limit": "x"}, "window_s is missing"),
        ("PUT", "rate-limit", {"limit": 1.5, "window_s": 1}, "limit must be a whole number"),
        ("PUT", "limits", {"contents": 1}, "did you mean 'content'?"),
        ("PUT", "limits", {"content": True}, "content must be a whole number"),
        ("PUT", "limits", [], "must be an object"),
        ("POST", "dialogs", {"context": 1}, "context must be text"),
        ("POST", "seed", {"cookies": []}, "unknown member 'cookies'"),
        ("POST", "seed", {"settings": [setting(), {}]}, "settings[1]: customerId is missing"),
        ("POST", "seed", {"lists": [{"id": 1, "name": "x"}]}, "lists[0]: a FastPath list needs a layout"),
    ],
)  # fmt: skip
def test_a_malformed_control_request_is_told_what_to_send(
    client: Client, method: str, path: str, body: Any, words: str
) -> None:
    got = client.ask(method, f"/_sandbox/{path}", body)
    assert got.status == 400
    assert words in got.json["error"]
    assert client.get("/_sandbox/settings").json["settings"] == []


def test_an_unknown_list_has_no_records_to_show(client: Client) -> None:
    assert client.get("/_sandbox/fast-path/1").status == 404
    assert client.get("/_sandbox/nothing").status == 404
