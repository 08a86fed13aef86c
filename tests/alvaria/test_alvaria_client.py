"""The client over a real socket: tokens, time-outs, doubts, and nothing secret in what it says."""

import base64
import json
import logging
import socket
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from scripted import SECRETS, Act, Script, drip, hang, raw, reply, reset, token

from bridge import wiring
from bridge.alvaria.client import Client
from bridge.alvaria.client.exchange import MAX_BODY_BYTES
from bridge.alvaria.operations import Operation, operation
from bridge.errors import BadRequest, BridgeError, TokenRefused, Unreachable

WRITE = "contextCookies.upsertSettings"
READ = "contextCookies.listSettings"
INSERT = "campaign.insertFastPathRecords"
CUSTOMER = "+12125550123"
BODY = {"settings": [{"customerId": CUSTOMER}]}
Make = Callable[..., Client]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_request_carries_its_body_and_both_credentials(client: Client, script: Script) -> None:
    assert client.send(WRITE, {}, BODY).status == 204
    (seen,) = script.requests
    assert (seen.method, seen.target) == (
        "POST",
        "/via/v2/organizations/acme/customerexperience/contextCookies/settings",
    )
    assert seen.body == b'{"settings":[{"customerId":"+12125550123"}]}'
    assert seen.headers["authorization"] == "Bearer token-1"
    assert seen.headers["x-api-key"] == SECRETS["api_key"]
    assert seen.headers["content-type"] == seen.headers["accept"] == "application/json"


def test_a_token_is_asked_for_with_basic_credentials_scopes_and_realm(client: Client, script: Script) -> None:
    client.send(READ)
    (seen,) = script.token_requests
    basic = base64.b64encode(f"{SECRETS['client_id']}:{SECRETS['client_secret']}".encode()).decode()
    assert seen.headers["authorization"] == f"Basic {basic}"
    assert parse_qs(seen.body.decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["customerexperienceapi outreachapi"],
        "realm": ["acme"],
    }


def test_an_empty_filter_is_sent_and_an_absent_one_is_not(client: Client, script: Script) -> None:
    client.send(READ, {"service": "", "channel": None, "customer": CUSTOMER})
    query = urlsplit(script.requests[0].target).query
    assert parse_qs(query, keep_blank_values=True) == {"service": [""], "customer": [CUSTOMER]}


def test_many_threads_share_one_token_request(client: Client, script: Script) -> None:
    start = threading.Barrier(16)

    def send(_: int) -> int:
        start.wait()
        return client.send(READ).status

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(send, range(16))) == {204}
    assert len(script.token_requests) == 1


def test_a_token_is_renewed_before_its_end(make_client: Make, script: Script) -> None:
    moments = [datetime(2026, 5, 12, tzinfo=UTC)]
    client = make_client(now=lambda: moments[-1])
    client.send(READ)
    moments.append(moments[0] + timedelta(seconds=3538))
    client.send(READ)
    moments.append(moments[0] + timedelta(seconds=3539))
    client.send(READ)
    assert [seen.headers["authorization"][-1] for seen in script.requests] == ["1", "1", "2"]


def test_a_refused_token_is_replaced_and_the_request_sent_once_more(client: Client, script: Script) -> None:
    script.acts.extend([reply(401), reply(204)])
    assert client.send(WRITE, {}, BODY).status == 204
    assert [seen.headers["authorization"] for seen in script.requests] == ["Bearer token-1", "Bearer token-2"]


def test_a_second_refusal_is_the_answer(client: Client, script: Script) -> None:
    script.acts.extend([reply(401), reply(401)])
    assert client.send(WRITE, {}, BODY).status == 401
    assert (len(script.requests), len(script.token_requests)) == (2, 2)


def test_an_insert_is_sent_once_more_after_a_401_too_since_nothing_was_inserted(client: Client, script: Script) -> None:
    script.acts.extend([reply(401), reply(201, {"fastPathResponseCollection": []})])
    assert client.send(INSERT, {"listId": 7}, {}).status == 201


@pytest.mark.parametrize("status", [400, 404, 408, 429, 500, 502, 503])
def test_no_other_answer_is_tried_again(client: Client, script: Script, status: int) -> None:
    script.acts.append(reply(status, {"code": status, "message": "No"}))
    answer = client.send(READ)
    assert (answer.status, answer.message, len(script.requests)) == (status, "No.", 1)


def test_a_redirect_is_an_answer_and_is_not_followed(client: Client, script: Script) -> None:
    script.acts.append(reply(302, b"", {"Location": f"{script.url}/elsewhere"}))
    assert client.send(READ).status == 302
    assert len(script.requests) == 1


def test_a_redirect_to_nonsense_is_an_answer_too(client: Client, script: Script) -> None:
    script.acts.append(reply(301, b"", {"Location": "http://[nonsense"}))
    assert client.send(READ).status == 301


@pytest.mark.parametrize(
    "act",
    [
        hang,
        reset,
        raw(b""),
        raw(b"this is not HTTP\r\n\r\n"),
        raw(b"HTTP/1.1 20"),
        drip(b"HTTP/1.1 200 OK\r\nX-Endless: "),
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"),
        drip(b"HTTP/1.1 200 OK\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd"),
        reply(200, b"x" * (MAX_BODY_BYTES + 1)),
    ],
)
def test_a_read_without_a_whole_answer_is_unreachable_and_may_have_been_carried_out(
    make_client: Make, script: Script, act: Act
) -> None:
    script.acts.append(act)
    client = make_client(read_timeout_s=0.2, total_timeout_s=0.5)
    with pytest.raises(Unreachable) as caught:
        client.send(READ, {"customer": CUSTOMER})
    assert caught.value.sent


@pytest.mark.parametrize("act", [hang, reset, raw(b""), drip(b"HTTP/1.1 2")])
def test_an_insert_without_an_answer_is_in_doubt_and_not_sent_again(
    make_client: Make, script: Script, act: Act
) -> None:
    script.acts.append(act)
    with pytest.raises(Unreachable) as caught:
        make_client(read_timeout_s=0.2, total_timeout_s=0.5).send(INSERT, {"listId": 7}, {})
    assert (caught.value.sent, len(script.requests)) == (True, 1)


@pytest.mark.parametrize(
    "act",
    [
        raw(b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{"),
        drip(b"HTTP/1.1 201 Created\r\nContent-Length: 1000000\r\n\r\n"),
    ],
)
def test_a_write_whose_status_came_is_answered_though_the_rest_broke_off(
    make_client: Make, script: Script, act: Act
) -> None:
    script.acts.append(act)
    answer = make_client(read_timeout_s=0.2, total_timeout_s=0.5).send(INSERT, {"listId": 7}, {})
    assert answer.status == 201


def test_a_refused_connection_has_sent_nothing(make_client: Make, script: Script) -> None:
    client = make_client(base_url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Unreachable, match="NewConnectionError") as caught:
        client.send(WRITE, {}, BODY)
    assert not caught.value.sent


def test_a_connection_that_is_not_taken_in_time_has_sent_nothing(make_client: Make, script: Script) -> None:
    with socket.socket() as deaf, socket.socket() as first, socket.socket() as second:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        # Nobody accepts: when these two wait in the queue it is full, and the next one gets no answer at all.
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(deaf.getsockname())
        client = make_client(base_url=f"http://127.0.0.1:{deaf.getsockname()[1]}", connect_timeout_s=0.2)
        with pytest.raises(Unreachable, match="ConnectTimeout") as caught:
            client.send(INSERT, {"listId": 7}, {})
    assert not caught.value.sent


def test_a_failed_tls_handshake_has_sent_nothing(make_client: Make, script: Script) -> None:
    client = make_client(base_url=script.url.replace("http:", "https:"))
    with pytest.raises(Unreachable, match="SSLError") as caught:
        client.send(INSERT, {"listId": 7}, {})
    assert not caught.value.sent


def test_proxies_are_taken_from_the_environment(
    make_client: Make, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", script.url)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert make_client(base_url="http://api.example.com").send(READ).status == 204
    assert script.requests[0].target.startswith("http://api.example.com/via/v2/")


def test_a_netrc_does_not_replace_the_credentials(
    client: Client, script: Script, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    client.send(READ)
    assert script.requests[0].headers["authorization"] == "Bearer token-1"
    assert script.token_requests[0].headers["authorization"].startswith("Basic ")


def test_repeatable_requests_share_a_connection_and_inserts_do_not(client: Client, script: Script) -> None:
    client.send(READ)
    client.send(WRITE, {}, BODY)
    client.send(INSERT, {"listId": 7}, {})
    client.send(READ)
    first, second, insert, last = (seen.connection for seen in script.requests)
    assert first == second == last != insert
    assert script.requests[2].headers["connection"] == "close"


def test_no_cookie_of_the_server_is_sent_back(client: Client, script: Script) -> None:
    script.acts.append(reply(204, None, {"Set-Cookie": "a=b"}))
    client.send(READ)
    client.send(READ)
    assert "cookie" not in script.requests[1].headers


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_token_service_that_cannot_answer_is_unreachable_and_nothing_was_sent(
    client: Client, script: Script, status: int
) -> None:
    script.token_acts.append(reply(status))
    with pytest.raises(Unreachable, match=f"sign-in.*status {status}") as caught:
        client.send(INSERT, {"listId": 7}, {})
    assert (caught.value.sent, script.requests) == (False, [])


@pytest.mark.parametrize("act", [hang, reset, raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")])
def test_a_token_service_that_breaks_off_is_unreachable_and_nothing_was_sent(
    make_client: Make, script: Script, act: Act
) -> None:
    script.token_acts.append(act)
    with pytest.raises(Unreachable) as caught:
        make_client(read_timeout_s=0.2).send(INSERT, {"listId": 7}, {})
    assert not caught.value.sent


def test_a_token_service_that_refuses_is_a_fault_of_the_configuration(client: Client, script: Script) -> None:
    script.token_acts.append(reply(401, {"error": "invalid_client"}))
    with pytest.raises(TokenRefused, match=r"127\.0\.0\.1:\d+ refuses us \(status 401, invalid_client\)"):
        client.send(READ)
    assert script.requests == []


def test_a_token_refused_after_a_401_leaves_no_doubt(client: Client, script: Script) -> None:
    script.acts.append(reply(401))
    script.token_acts.extend([token("t"), reply(503)])
    with pytest.raises(Unreachable) as caught:
        client.send(INSERT, {"listId": 7}, {})
    assert not caught.value.sent


def test_a_request_that_does_not_fit_is_refused_before_a_token_is_asked_for(client: Client, script: Script) -> None:
    with pytest.raises(BadRequest):
        client.send(INSERT, {"listId": ".."}, {})
    assert script.token_requests == []


def test_the_doctor_learns_scopes_lifetime_and_the_services_time(client: Client, script: Script) -> None:
    given = b'{"access_token": "t", "expires_in": 100, "scope": "a"}'
    head = f"HTTP/1.1 200 OK\r\nDate: Tue, 12 May 2026 09:30:00 GMT\r\nContent-Length: {len(given)}\r\n\r\n"
    script.token_acts.append(raw(head.encode() + given))
    report = client.check("a")
    assert (report.scopes, report.lifetime_s) == (("a",), 100)
    assert report.server_time == datetime(2026, 5, 12, 9, 30, tzinfo=UTC)
    assert parse_qs(script.token_requests[0].body.decode())["scope"] == ["a"]


@pytest.mark.parametrize("date", ["", "Date: soon\r\n"])
def test_the_doctor_bears_a_token_service_without_a_time(client: Client, script: Script, date: str) -> None:
    script.token_acts.append(raw(f'HTTP/1.1 200 OK\r\n{date}\r\n{{"access_token": "t"}}'.encode()))
    assert client.check().server_time is None
    assert client.token_age_s() is None


@pytest.mark.parametrize(
    ("token_acts", "acts"),
    [
        ([], [hang]),
        ([], [reset]),
        ([], [raw(b"nonsense")]),
        ([], [raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")]),
        ([hang], []),
        ([reply(401, {"error": "invalid_client", "error_description": SECRETS["client_secret"]})], []),
        ([reply(200, {"access_token": f"{SECRETS['client_secret']} "})], []),
    ],
)
def test_no_error_and_no_log_line_holds_a_secret_or_a_person(
    make_client: Make, script: Script, caplog: pytest.LogCaptureFixture, token_acts: list[Act], acts: list[Act]
) -> None:
    caplog.set_level(logging.DEBUG)
    script.token_acts.extend(token_acts)
    script.acts.extend(acts)
    client = make_client(read_timeout_s=0.1, token_url=f"{script.url}/token".replace("//", "//user:pa55@"))
    with pytest.raises(BridgeError) as caught:
        client.send(READ, {"customer": CUSTOMER})
    said = f"{client!r} {caught.value!r} {''.join(traceback.format_exception(caught.value))} {caplog.text}"
    assert not [word for word in (*SECRETS.values(), "pa55", "token-", CUSTOMER[1:], "/via/") if word in said]


def test_an_answer_with_a_broken_header_is_not_logged_with_its_address(
    client: Client, script: Script, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    script.acts.append(raw(b"HTTP/1.1 204 No Content\r\nA: b\r\nnonsense\r\n\r\n"))
    assert client.send(READ, {"customer": CUSTOMER}).status == 204
    assert caplog.text == ""


def test_a_deprecated_operation_is_told_of_with_its_replacement(make_client: Make, script: Script) -> None:
    told: list[Operation] = []
    client = make_client(on_deprecated=told.append)
    client.send(READ)
    client.send("campaign.getExclusion", {"exclusionId": 7})
    assert [one.replaced_by for one in told] == [
        "GET /via/v3/organizations/{orgId}/compliance/exclusions/{exclusionId}"
    ]


def test_a_warning_of_a_deprecated_operation_comes_once_in_a_process(capsys: pytest.CaptureFixture[str]) -> None:
    wiring.warn_of.cache_clear()
    for _ in range(3):
        wiring.warn_of(operation("campaign.getExclusion"))
    wiring.warn_of(operation("campaign.deleteExclusion"))
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["level"], line["event"], line["operation"]) for line in lines] == [
        ("warning", "operation.deprecated", "campaign.getExclusion"),
        ("warning", "operation.deprecated", "campaign.deleteExclusion"),
    ]
    assert lines[0]["instead"] == "GET /via/v3/organizations/{orgId}/compliance/exclusions/{exclusionId}"
