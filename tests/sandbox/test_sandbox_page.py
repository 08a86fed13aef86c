"""The human page: what it shows, that it escapes, that it can be read without a mouse or a script."""

from html.parser import HTMLParser

from tests.sandbox.client import APPS, COOKIES, LISTS, TOKEN, Client, setting

EVIL = '<script>alert("x")</script>'
VOID = {"meta"}


class Outline(HTMLParser):
    """Headings, captions, tags and unclosed elements of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())


def filled(client: Client) -> Outline:
    client.post(f"{COOKIES}/settings", {"settings": [setting(customerId=EVIL, content=EVIL)]})
    line = {
        "fastPathRecord": f"A-100       6175550123{'<b>Ada</b>':20}",
        "customFieldsStringCollection": [{"string": EVIL}],
    }
    client.post(f"{LISTS}/4711/fastPathRecords", {"fastPathRecords": [line]})
    dialog = client.post("/_sandbox/dialogs", {"context": EVIL}).json["sessionId"]
    client.post(f"{APPS}/outcome?sessionId={dialog}", {"variables": [{"id": EVIL, "value": EVIL}]})
    client.get(f"{COOKIES}/settings?customer={EVIL.replace(' ', '')}")
    got = client.get("/")
    assert (got.status, got.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    return Outline(got.text)


def test_the_page_shows_cookies_records_dialogs_and_requests(client: Client) -> None:
    texts = filled(client).texts
    for text in ("crm.tier", "Hot leads", "A-100", "6175550123", "<b>Ada</b>", "Callbacks", "running"):
        assert text in texts
    assert "Settings: 1" in texts
    assert "Records of Hot leads: 1" in texts
    assert "contextCookies.upsertSettings" in texts
    assert f"POST {TOKEN}" in texts


def test_the_page_escapes_what_others_wrote(client: Client) -> None:
    page = filled(client)
    assert not {"script", "b"} & {tag for tag, _ in page.tags}
    assert page.texts.count(EVIL) >= 3


def test_the_page_is_marked_as_a_sandbox_and_can_be_read_by_everyone(client: Client) -> None:
    page = filled(client)
    assert page.open == []
    assert ("html", {"lang": "en"}) in page.tags
    assert [tag for tag, _ in page.tags].count("h1") == 1
    assert [tag for tag, _ in page.tags].count("table") == [tag for tag, _ in page.tags].count("caption") == 4
    assert all(attributes.get("scope") in ("col", "row") for tag, attributes in page.tags if tag == "th")
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert any("stand-in for Alvaria Cloud" in text for text in page.texts)


def test_an_empty_sandbox_has_a_page_too(client: Client) -> None:
    client.post("/_sandbox/reset")
    texts = Outline(client.get("/").text).texts
    assert "There are none yet." in texts
    assert "No records yet." in texts
    assert "campaign.insertFastPathRecords" in texts
