"""What goes over the wire: JSON and XML by Accept, the documents' error shapes, 404, 405, 406, kept connections."""

import pytest
from defusedxml.ElementTree import fromstring

from tests.sandbox.client import APPS, COOKIES, LISTS, Client, setting

SETTINGS = f"{COOKIES}/settings"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/xml", "application/xml; charset=utf-8"),
        ("text/xml", "text/xml; charset=utf-8"),
        ("application/json;q=0.5, application/xml", "application/xml; charset=utf-8"),
        ("text/html, application/xml;q=0.9, */*;q=0.8", "application/xml; charset=utf-8"),
        ("application/json;q=0, */*;q=0.1", "application/xml; charset=utf-8"),
    ],
)
def test_accept_chooses_json_or_xml(client: Client, accept: str, kind: str) -> None:
    got = client.get(SETTINGS, Accept=accept)
    assert (got.status, got.headers["Content-Type"]) == (200, kind)


def test_without_accept_it_is_json(client: Client) -> None:
    assert client.get(SETTINGS).headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "image/*, text/csv"])
@pytest.mark.parametrize("path", [SETTINGS, f"{APPS}/context?sessionId=1"])
def test_another_format_is_not_acceptable(client: Client, accept: str, path: str) -> None:
    got = client.get(path, Accept=accept)
    assert (got.status, got.json["code"]) == (406, 406)


def test_what_is_not_acceptable_is_not_done(client: Client) -> None:
    assert client.post(SETTINGS, {"settings": [setting()]}, Accept="text/html").status == 406
    assert client.get(SETTINGS).json["totalItems"] == 0


def test_settings_in_xml_say_what_settings_in_json_say(client: Client) -> None:
    client.post(SETTINGS, {"settings": [setting(content="<a> & \u0007 ü"), setting(key="l")]})
    root = fromstring(client.get(SETTINGS, Accept="application/xml").content)
    assert root.tag == "SettingCollection"
    assert root.findtext("totalItems") == "2"
    assert [held.findtext("content") for held in root.iterfind("settings/setting")] == ["<a> & \ufffd ü", "gold"]
    [first, _] = client.get(SETTINGS).json["settings"]
    assert [member.tag for member in root.find("settings/setting")] == list(first)


def test_errors_come_in_xml_too(client: Client) -> None:
    got = client.post(SETTINGS, {"settings": [setting(channel="fax")]}, Accept="application/xml")
    root = fromstring(got.content)
    assert (got.status, root.tag, root.findtext("code")) == (400, "ErrorResponse", "400")
    assert root.findtext("errors/error/message") == "settings[0]: The value for the channel is invalid"


@pytest.mark.parametrize(
    "path", ["/via/v2/organizations/acme/nothing", f"{LISTS}/4711/nothing", "/via/v9/x", f"{LISTS}/"]
)
def test_an_unknown_path_is_404_in_the_wrapped_shape(client: Client, path: str) -> None:
    got = client.get(path)
    assert got.status == 404
    assert got.json["error"]["code"] == 404
    assert set(got.json["error"]) == {"errors", "code", "message"}


@pytest.mark.parametrize("path", [f"{COOKIES}/nothing", f"{SETTINGS}/", f"{APPS}/nothing"])
def test_an_unknown_path_of_customer_experience_is_404_in_the_bare_shape(client: Client, path: str) -> None:
    got = client.get(path)
    assert (got.status, set(got.json)) == (404, {"code", "message", "errors"})


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", LISTS, "GET"),
        ("DELETE", f"{LISTS}/4711", "GET, PATCH"),
        ("GET", f"{LISTS}/4711/fastPathRecords", "POST"),
        ("OPTIONS", LISTS, "GET"),
    ],
)
def test_a_known_path_with_another_method_is_405(client: Client, method: str, path: str, allow: str) -> None:
    got = client.ask(method, path)
    assert (got.status, got.json["error"]["code"], got.headers["Allow"]) == (405, 405, allow)


def test_campaign_answers_in_json_whatever_is_accepted(client: Client) -> None:
    assert client.get(LISTS, Accept="text/html").headers["Content-Type"] == "application/json"


def test_a_connection_serves_many_requests(client: Client) -> None:
    client.get(LISTS)
    first = client.connection.sock
    client.post(SETTINGS, {"settings": [setting()]})
    client.get(SETTINGS, Authorization="")
    assert client.get(SETTINGS).status == 200
    assert client.connection.sock is first
    assert first is not None


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"Content-Length": "x"}, 400), ({"Content-Length": "99999999999"}, 413), ({"Transfer-Encoding": "chunked"}, 411)],
    ids=str,
)
def test_a_body_of_no_plain_length_ends_the_connection(client: Client, headers: dict[str, str], status: int) -> None:
    client.connection.putrequest("POST", SETTINGS)
    for name, value in headers.items():
        client.connection.putheader(name, value)
    client.connection.endheaders()
    response = client.connection.getresponse()
    assert (response.status, response.headers["Connection"]) == (status, "close")
    response.read()


def test_a_head_request_gets_the_headers_only(client: Client) -> None:
    got = client.ask("HEAD", SETTINGS)
    assert (got.status, got.content) == (200, b"")
    assert client.get(SETTINGS).status == 200
