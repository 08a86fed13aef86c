"""Who is let in: the token service, access tokens, API keys and scopes."""

import base64

import pytest

from tests.sandbox.client import APPS, COOKIES, LISTS, TOKEN, Client, Clock


def test_a_token_is_given_for_any_client_with_the_secret(client: Client) -> None:
    got = client.token(client="anybody", scope="customerexperienceapi outreachapi")
    assert got.status == 200
    assert got.json.pop("access_token")
    shown = {name: value for name, value in got.json.items() if name != "access_token"}
    assert shown == {"token_type": "Bearer", "scope": "customerexperienceapi outreachapi", "expires_in": 3599}


@pytest.mark.parametrize(
    ("authorization", "form", "status", "error"),
    [
        (
            "Basic " + base64.b64encode(b"me:wrong").decode(),
            "grant_type=client_credentials&realm=a",
            401,
            "invalid_client",
        ),
        ("Basic !", "grant_type=client_credentials&realm=a", 401, "invalid_client"),
        ("Bearer x", "grant_type=client_credentials&realm=a", 401, "invalid_client"),
        ("right", "grant_type=password&realm=a", 400, "unsupported_grant_type"),
        ("right", "grant_type=client_credentials", 400, "invalid_request"),
    ],
)
def test_the_token_service_says_why_it_refuses(
    client: Client, authorization: str, form: str, status: int, error: str
) -> None:
    right = "Basic " + base64.b64encode(b"me:sandbox-secret").decode()
    got = client.post(TOKEN, form.encode(), Authorization=right if authorization == "right" else authorization)
    assert (got.status, got.json["error"]) == (status, error)


def test_the_realm_may_stand_in_the_query(client: Client) -> None:
    right = "Basic " + base64.b64encode(b"me:sandbox-secret").decode()
    assert client.post(f"{TOKEN}?realm=acme", b"grant_type=client_credentials", Authorization=right).status == 200


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Authorization", "Bearer nobody"),
        ("Authorization", "Basic bWU6c2FuZGJveC1zZWNyZXQ="),
        ("Authorization", ""),
        ("x-api-key", "other"),
        ("x-api-key", ""),
    ],
)
def test_without_good_credentials_every_api_says_401_and_nothing_else(client: Client, header: str, value: str) -> None:
    for path in (f"{COOKIES}/settings", f"{APPS}/context?sessionId=1", LISTS):
        got = client.get(path, **{header: value})
        assert (got.status, got.content) == (401, b"")


@pytest.mark.parametrize(
    ("scope", "path", "status"),
    [
        ("customerexperienceapi", f"{COOKIES}/settings", 200),
        ("customerexperienceapi.contextcookies", f"{COOKIES}/settings", 200),
        ("customerexperienceapi.disposableapp", f"{COOKIES}/settings", 401),
        ("customerexperienceapi.disposableapp", f"{APPS}/context?sessionId=1", 404),
        ("customerexperienceapi.contextcookies", f"{APPS}/context?sessionId=1", 401),
        ("outreachapi", f"{COOKIES}/settings", 401),
        ("outreachapi", LISTS, 200),
        ("customerexperienceapi", LISTS, 401),
        ("", LISTS, 401),
    ],
)
def test_a_scope_opens_the_apis_of_its_document_only(client: Client, scope: str, path: str, status: int) -> None:
    client.sign_in(scope)
    assert client.get(path).status == status


def test_a_token_ends_with_its_lifetime(client: Client, clock: Clock) -> None:
    clock.advance(3598)
    assert client.get(LISTS).status == 200
    clock.advance(1)
    assert client.get(LISTS).status == 401


def test_a_shorter_lifetime_can_be_set(client: Client, clock: Clock) -> None:
    client.put("/_sandbox/limits", {"token_s": 5})
    assert client.token().json["expires_in"] == 5
    client.sign_in()
    clock.advance(5)
    assert client.get(LISTS).status == 401


def test_revoked_tokens_are_good_no_more(client: Client) -> None:
    assert client.post("/_sandbox/tokens/revoke").status == 204
    assert client.get(LISTS).status == 401
    client.sign_in()
    assert client.get(LISTS).status == 200


def test_the_token_service_can_fail_on_order(client: Client) -> None:
    client.post("/_sandbox/faults", {"operation": "token", "status": 503})
    assert [client.token().status for _ in range(2)] == [503, 200]
