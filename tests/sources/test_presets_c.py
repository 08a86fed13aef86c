"""Presets of shops, payments, boards, trackers and open standards, against their recorded requests."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from bridge import clock
from bridge.model import Received
from bridge.tables import webhooks
from bridge.wiring import Bridge
from tests.preset_cases import HOST, Case, Shown, cases, count, flipped, holds, is_kept_once, kept, post, web_of
from tests.words import NOON

SHOPIFY = Shown(
    sample="shopify/customer-update.json",
    preset="shopify",
    secrets={"client_secret": "client_secret"},
    proof=("header", "x-shopify-hmac-sha256"),
    covers_body=True,
)
STRIPE = Shown(
    sample="stripe/customer-updated.json",
    preset="stripe",
    secrets={"signing_secret": "signing secret"},
    proof=("header", "stripe-signature"),
    covers_body=True,
    stamped=True,
)
MONDAY = Shown(
    sample="monday/column-changed.json",
    preset="monday",
    secrets={"signing_secret": "signing_secret"},
    proof=("header", "authorization"),
    stamped=True,
)
JIRA = Shown(
    sample="jira/issue-updated.json",
    preset="jira",
    secrets={"secret": "secret"},
    proof=("header", "x-hub-signature"),
    covers_body=True,
)
STANDARD = Shown(
    sample="standard-webhooks/contact-updated.json",
    preset="standard-webhooks",
    secrets={"signing_secret": "signing secret"},
    proof=("header", "webhook-signature"),
    covers_body=True,
    stamped=True,
)
STRUCTURED, BINARY, BATCH = (
    Shown(
        sample=f"cloudevents/contact-{mode}.json",
        preset="cloudevents",
        secrets={"token": "token"},
        proof=("header", "authorization"),
    )
    for mode in ("structured", "binary", "batch")
)
GITHUB = Shown(
    sample="github-style/issue-edited.json",
    preset="github-style",
    secrets={"secret": "secret"},
    proof=("header", "x-hub-signature-256"),
    covers_body=True,
)
SLACK = Shown(
    sample="slack-style/user-change.json",
    preset="slack-style",
    secrets={"signing_secret": "signing_secret"},
    proof=("header", "x-slack-signature"),
    covers_body=True,
    stamped=True,
)
GENERIC = Shown(
    sample="generic/lead-created.json",
    preset="generic",
    secrets={"api_key": "x-api-key"},
    proof=("header", "x-api-key"),
)
ALL = (SHOPIFY, STRIPE, MONDAY, JIRA, STANDARD, STRUCTURED, BINARY, BATCH, GITHUB, SLACK, GENERIC)


@pytest.mark.parametrize("case", [case for shown in ALL for case in cases(shown)], ids=str)
@pytest.mark.parametrize("kind", ["sqlite"])  # what is refused reaches no database
def test_how_a_request_to_a_preset_is_answered(bridge: Bridge, case: Case) -> None:
    holds(bridge, case)


@pytest.mark.parametrize("shown", ALL, ids=str)
def test_a_preset_keeps_its_sample_once_and_without_its_secrets(bridge: Bridge, shown: Shown) -> None:
    is_kept_once(bridge, shown)


WORDS = [
    (SHOPIFY, "first_name", "Lena", {}, [], "bridge-test.myshopify.com"),
    (STRIPE, "delinquent", True, {"delinquent": False, "phone": None}, ["delinquent", "phone"], ""),
    (JIRA, "summary", "Phone line is down", {"priority": "Medium", "status": "Open"}, ["priority", "status"], ""),
    (STANDARD, "email", "mira.kovac@example.com", {}, [], ""),
    (BINARY, "tier", "silver", {}, [], "/crm/eu"),
    (GITHUB, "state", "open", {"title": "Call the customer"}, ["title"], "bridge-test"),
    (SLACK, "real_name", "Kadri Tamm", {}, [], "T0BRIDGE01"),
]


@pytest.mark.parametrize(("shown", "name", "value", "previous", "changed", "tenant"), WORDS, ids=str)
@pytest.mark.parametrize("kind", ["sqlite"])
def test_what_the_words_of_an_event_are(
    bridge: Bridge, shown: Shown, name: str, value: Any, previous: Any, changed: list[str], tenant: str
) -> None:
    post(web_of(bridge, shown.mapping()), shown.request)
    event = kept(bridge)[0]
    seen = event["payload"]
    assert seen["record"][name] == value
    assert (seen["previous"], seen["changed"], event["tenant"]) == (previous, changed, tenant)


def test_monday_tells_one_column_by_its_id(bridge: Bridge) -> None:
    post(web_of(bridge, MONDAY.mapping()), MONDAY.request)
    (event,) = kept(bridge)
    seen = event["payload"]
    assert seen["record"]["lead_status"]["label"]["text"] == "Hot"
    assert seen["previous"]["lead_status"]["label"]["text"] == "New"
    assert (seen["changed"], event["tenant"]) == (["lead_status"], "1844720117")


def sent(shown: Shown, body: bytes, method: str = "POST", **headers: str) -> Received:
    """Something that was not signed, to the address of the sample."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return replace(shown.request, method=method, headers=named, body=body)


def test_monday_gets_its_challenge_back(bridge: Bridge) -> None:
    challenge = b'{"challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}'
    answer = post(web_of(bridge, MONDAY.mapping()), sent(MONDAY, challenge))
    assert (answer.status_code, answer.content_type, answer.data) == (200, "application/json", challenge)
    assert count(bridge, webhooks) == 0


def test_slack_gets_its_challenge_back_as_text(bridge: Bridge) -> None:
    trial = b'{"token": "FAKE", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3", "type": "url_verification"}'
    answer = post(web_of(bridge, SLACK.mapping()), sent(SLACK, trial))
    assert (answer.status_code, answer.text) == (200, "3eZbrw1aBm2rZgRNFdxV2595E9CY3")
    assert answer.content_type.startswith("text/plain")
    assert count(bridge, webhooks) == 0


def test_a_sender_of_cloudevents_is_told_that_it_may_send(bridge: Bridge) -> None:
    trial = sent(STRUCTURED, b"", "OPTIONS", webhook_request_origin="eu.example.com", webhook_request_rate="120")
    answer = post(web_of(bridge, STRUCTURED.mapping()), trial)
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["WebHook-Allowed-Origin"] == "eu.example.com"
    assert answer.headers["WebHook-Allowed-Rate"] == "*"
    assert count(bridge, webhooks) == 0


@pytest.mark.parametrize("shown", [MONDAY, SLACK], ids=str)
@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_challenge_with_something_else_beside_it_is_no_trial(bridge: Bridge, shown: Shown) -> None:
    trial = b'{"token": "t", "challenge": "c", "type": "url_verification", "event": {"type": "x"}}'
    assert post(web_of(bridge, shown.mapping()), sent(shown, trial)).status_code == 401


def test_a_batch_of_cloudevents_that_is_grouped_anew_is_kept_once(bridge: Bridge) -> None:
    web = web_of(bridge, BATCH.mapping())
    post(web, BATCH.request)
    one, other = json.loads(BATCH.request.body)
    post(web, BATCH.resigned(json.dumps([other]).encode()))
    again = post(web, BATCH.resigned(json.dumps([other, one]).encode()))
    assert again.json == {"received": 2, "duplicates": 2}
    assert count(bridge) == 2


def test_a_cloud_event_is_the_same_in_each_mode(bridge: Bridge) -> None:
    web = web_of(bridge, BINARY.mapping())
    post(web, BINARY.request)
    attributes = {name[3:]: text for name, text in BINARY.request.headers.items() if name.startswith("ce-")}
    event = {**attributes, "data": json.loads(BINARY.request.body)}
    answer = post(web, replace(STRUCTURED.request, body=json.dumps(event).encode()))
    assert answer.json == {"received": 1, "duplicates": 1}


def test_cloud_events_of_two_sources_may_have_one_id(bridge: Bridge) -> None:
    web = web_of(bridge, STRUCTURED.mapping())
    post(web, STRUCTURED.request)
    post(web, STRUCTURED.resigned(STRUCTURED.request.body.replace(b"/crm/eu", b"/crm/us")))
    assert count(bridge) == 2


def test_cloud_events_may_carry_their_token_in_the_query_and_it_is_not_kept(bridge: Bridge) -> None:
    unnamed = sent(STRUCTURED, STRUCTURED.request.body, content_type="application/cloudevents+json")
    given = replace(unnamed, url=f"{HOST}/webhooks/cloudevents?access_token=ce-bearer-bridge-test-2b7e")
    assert post(web_of(bridge, STRUCTURED.mapping()), given).status_code == 202
    with bridge.database.reading() as conn:
        assert "ce-bearer" not in repr(conn.execute(webhooks.select()).all())


@pytest.mark.parametrize("data", ["hot", None, ["a"]])
@pytest.mark.parametrize("kind", ["sqlite"])
def test_the_data_of_a_cloud_event_need_not_be_a_map(bridge: Bridge, data: Any) -> None:
    event = {**json.loads(STRUCTURED.request.body), "data": data}
    post(web_of(bridge, STRUCTURED.mapping()), STRUCTURED.resigned(json.dumps(event).encode()))
    assert kept(bridge)[0]["payload"]["record"] == ({} if data is None else {"value": data})


def test_a_repetition_by_the_standard_is_signed_anew_and_kept_once(bridge: Bridge) -> None:
    web = web_of(bridge, STANDARD.mapping())
    later = replace(STANDARD.request, headers={**STANDARD.request.headers, "webhook-timestamp": "1778578260"})
    post(web, STANDARD.request)
    assert post(web, later).status_code == 401
    clock.start_at(NOON + timedelta(minutes=1))
    again = STANDARD.resigned(STANDARD.request.body)
    assert again.headers["webhook-signature"] != STANDARD.request.headers["webhook-signature"]
    assert post(web, again).json == {"received": 1, "duplicates": 1}


@pytest.mark.parametrize(
    ("shown", "name"),
    [(STANDARD, "previous secret (being rotated out)"), (STRIPE, "previous secret (being rolled)")],
    ids=str,
)
@pytest.mark.parametrize("kind", ["sqlite"])
def test_while_a_secret_is_rotated_either_is_good(bridge: Bridge, shown: Shown, name: str) -> None:
    before = replace(shown, secrets={"signing_secret": name})
    assert post(web_of(bridge, before.mapping()), shown.request).status_code == 200


def test_the_standard_is_taken_with_the_names_of_svix(bridge: Bridge) -> None:
    headers = {name.replace("webhook-", "svix-"): text for name, text in STANDARD.request.headers.items()}
    request = replace(STANDARD.request, headers=headers)
    web = web_of(bridge, STANDARD.mapping())
    assert post(web, flipped(request)).status_code == 401
    assert post(web, request).status_code == 200
    assert kept(bridge)[0]["crm_id"] == "msg_2bridgeTESTcontactUPD0001"


def with_headers(request: Received, **headers: str) -> Received:
    return replace(
        request, headers={**request.headers, **{name.replace("_", "-"): text for name, text in headers.items()}}
    )


def test_shopify_may_send_one_event_for_several_subscriptions_but_each_topic_counts(bridge: Bridge) -> None:
    web = web_of(bridge, SHOPIFY.mapping())
    post(web, SHOPIFY.request)
    same = post(web, with_headers(SHOPIFY.request, x_shopify_webhook_id="another-delivery"))
    other = post(web, with_headers(SHOPIFY.request, x_shopify_topic="customers/enable"))
    assert same.json == {"received": 1, "duplicates": 1}
    assert other.json == {"received": 1, "duplicates": 0}


@pytest.mark.parametrize(
    ("topic", "body", "record_id"),
    [
        ("customers/delete", {"id": 706405506930370084}, "706405506930370084"),
        ("customers/redact", {"shop_id": 954889, "customer": {"id": 7064055069303}}, "7064055069303"),
        (
            "orders/create",
            {"id": 7064055069303, "admin_graphql_api_id": "gid://shopify/Order/5"},
            "gid://shopify/Order/5",
        ),
        ("shop/redact", {"shop_id": 954889}, "954889"),
    ],
)
@pytest.mark.parametrize("kind", ["sqlite"])
def test_an_order_of_shopify_is_not_the_customer_of_its_number(
    bridge: Bridge, topic: str, body: dict[str, Any], record_id: str
) -> None:
    request = with_headers(SHOPIFY.resigned(json.dumps(body).encode()), x_shopify_topic=topic)
    post(web_of(bridge, SHOPIFY.mapping()), request)
    (event,) = kept(bridge)
    assert (event["type"], event["record_id"]) == (topic, record_id)


def test_a_board_without_tokens_is_proved_by_a_key_in_the_address(bridge: Bridge) -> None:
    plain = replace(MONDAY, secrets={"url_key": "signing_secret"})
    bare = sent(MONDAY, MONDAY.request.body)
    web = web_of(bridge, plain.mapping())
    assert post(web, MONDAY.request).status_code == 401
    assert post(web, replace(bare, url=f"{bare.url}?key=monday-signing-secret-of-bridge-tests-0042")).status_code == 200


def test_an_item_that_is_new_on_a_board_has_all_its_columns(bridge: Bridge) -> None:
    event = {
        "type": "create_pulse",
        "pulseId": 7,
        "boardId": 1,
        "triggerUuid": "u",
        "columnValues": {"phone": {"phone": "1"}},
    }
    post(web_of(bridge, MONDAY.mapping()), MONDAY.resigned(json.dumps({"event": event}).encode()))
    assert kept(bridge)[0]["payload"]["record"] == {"phone": {"phone": "1"}}


def test_a_connect_app_of_atlassian_proves_itself_by_a_token_over_the_query(bridge: Bridge) -> None:
    connect = replace(JIRA, secrets={"shared_secret": "secret"})
    web = web_of(bridge, connect.mapping())
    request = connect.resigned(JIRA.request.body)
    assert post(web, JIRA.request).status_code == 401
    assert post(web, replace(request, url=f"{request.url}?issue=1")).status_code == 401
    assert post(web, request).status_code == 200


@pytest.mark.parametrize(
    ("body", "record_id"),
    [
        ({"project": {"id": 10412}}, "project:10412"),
        ({"user": {"accountId": "712020:5e2c"}}, "user:712020:5e2c"),
        ({"issue": {"id": "10412"}, "user": {"accountId": "712020:5e2c"}}, "10412"),
    ],
)
@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_project_of_jira_is_not_the_issue_of_its_number(bridge: Bridge, body: dict[str, Any], record_id: str) -> None:
    told = {"webhookEvent": "jira:something", "timestamp": 1778578197417, **body}
    post(web_of(bridge, JIRA.mapping()), JIRA.resigned(json.dumps(told).encode()))
    assert kept(bridge)[0]["record_id"] == record_id


def test_the_first_ping_of_github_makes_no_event(bridge: Bridge) -> None:
    ping = with_headers(GITHUB.resigned(b'{"zen": "Keep it simple.", "hook_id": 292430182}'), x_github_event="ping")
    assert post(web_of(bridge, GITHUB.mapping()), ping).status_code == 200
    assert count(bridge) == 0


def test_github_may_send_a_form(bridge: Bridge) -> None:
    body = urlencode({"payload": GITHUB.request.body.decode()}).encode()
    form = with_headers(GITHUB.resigned(body), content_type="application/x-www-form-urlencoded")
    web = web_of(bridge, GITHUB.mapping())
    assert post(web, form).status_code == 200
    assert post(web, GITHUB.request).json == {"received": 1, "duplicates": 1}
    assert kept(bridge)[0]["payload"]["record"]["title"] == "Call back the customer"


def test_the_generic_preset_tells_records_without_an_event_id_by_their_content(bridge: Bridge) -> None:
    web = web_of(bridge, GENERIC.mapping())
    record = {"type": "lead.updated", "id": 7, "tier": "gold", "updated": 1}
    for body in (record, record, {**record, "updated": 2}):
        post(web, GENERIC.resigned(json.dumps(body).encode()))
    assert [(event["record_id"], event["crm_id"]) for event in kept(bridge)] == [("7", ""), ("7", "")]
