"""Client and sandbox, which share no code, understand each other."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bridge.alvaria.client import Client
from bridge.alvaria.cookies import Setting, delete_params, upsert_body
from bridge.alvaria.fastpath import insert_body
from bridge.alvaria.lookup import Lookups
from bridge.errors import NotFound, TokenRefused
from bridge.sandbox.serve import running

GOOD = Setting(
    customer="7", key="crm.tier", content="gold", channel="all", service="",
    expires_at=datetime.now(UTC) + timedelta(days=7),
)  # fmt: skip


def client_of(url: str, client_secret: str) -> Client:
    return Client(
        base_url=url,
        token_url=f"{url}/tokenservice/oauth2/access_token",
        org_id="acme",
        client_id="bridge",
        client_secret=client_secret,
        api_key="sandbox-key",
        scopes="customerexperienceapi outreachapi",
    )


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running(0) as sandbox:
        yield sandbox.url


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    made = client_of(url, "sandbox-secret")
    yield made
    made.close()


def keys(client: Client, customer: str) -> list[str]:
    answer = client.send("contextCookies.listSettings", {"customer": customer})
    return sorted(setting["key"] for setting in answer.body["settings"])


def test_a_setting_is_written_read_back_and_deleted_alone(client: Client) -> None:
    settings = [GOOD, replace(GOOD, key="crm.score"), replace(GOOD, service="sales")]
    assert client.send("contextCookies.upsertSettings", body=upsert_body(settings)).status == 204
    assert keys(client, "7") == ["crm.score", "crm.tier", "crm.tier"]
    params = delete_params("7", "all", "", ["crm.tier", "crm.score"])
    assert client.send("contextCookies.deleteSettings", params).status == 204
    assert keys(client, "7") == ["crm.tier"]


def test_a_refusal_comes_with_the_apis_own_words(client: Client) -> None:
    answer = client.send("contextCookies.upsertSettings", body=upsert_body([replace(GOOD, channel="fax")]))
    assert answer.status == 400
    assert "The value for the channel is invalid" in answer.message


def test_a_record_is_inserted_into_a_list_that_is_found_by_name(client: Client) -> None:
    params = Lookups(client).resolve({"listId": {"id_of": "Hot leads", "by": "campaign.listLists"}})
    record = f"{'7':12}{'2125550123':10}{'':20}"
    answer = client.send("campaign.insertFastPathRecords", params, insert_body(record, []))
    assert (answer.status, list(answer.body["fastPathResponseCollection"][0])) == (201, ["requestId"])


def test_a_wrong_record_is_refused_in_the_campaigns_shape(client: Client) -> None:
    answer = client.send("campaign.insertFastPathRecords", {"listId": 4711}, insert_body("short", []))
    assert answer.status == 400
    assert "42" in answer.message


def test_names_are_case_sensitive(client: Client) -> None:
    with pytest.raises(NotFound, match="names are case-sensitive"):
        Lookups(client).resolve({"listId": {"id_of": "hot leads", "by": "campaign.listLists"}})


def test_a_wrong_secret_is_a_fault_of_the_configuration(url: str) -> None:
    with pytest.raises(TokenRefused, match="status 401"):
        client_of(url, "wrong").check()
