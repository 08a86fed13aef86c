"""A folder with one small mapping, and what tests do with it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bridge.alvaria.limits import Limits
from bridge.db import Database
from bridge.mappings.catalogue import Catalogue, load
from bridge.versions import publish, store
from bridge.versions.follow import Published
from bridge.versions.publish import Became, Taken
from tests.words import NOON

GOOD = """\
version: 1
source: {name: shop, preset: generic, secrets: {api_key: ["${SHOP_KEY}"]}}
customer: "{{ event.record_id }}"
rules:
  - name: tier
    settings: [{key: crm.tier, content: gold}]
"""
BROKEN_RULES = GOOD.replace("content: gold", "contents: gold")
BROKEN_SOURCE = GOOD.replace("preset: generic", "preset: generik")
BROKEN_YAML = GOOD.replace("rules:", "rules: [")

ENV = {"SHOP_KEY": "a-key-that-nobody-may-see"}


@dataclass(frozen=True, kw_only=True)
class Shop:
    """One folder of mappings beside one database."""

    folder: Path
    database: Database

    @property
    def file(self) -> Path:
        return self.folder / "shop.yaml"

    def write(self, text: str = GOOD, name: str = "shop.yaml") -> Path:
        path = self.folder / name
        path.write_text(text, "utf-8")
        return path

    def files(self) -> Catalogue:
        return load(self.folder, env=ENV, limits=Limits())

    def read(self) -> list[Taken]:
        """As a start or a reload does."""
        with self.database.transaction() as conn:
            return publish.take_folder(publish.desk(conn, by="a test", now=NOON), self.files().files)

    def became(self) -> list[Became]:
        return [one.became for one in self.read()]

    def publish(self, path: Path) -> None:
        found = load(path, env=ENV, limits=Limits())
        assert found.problems == ()
        with self.database.transaction() as conn:
            publish.publish_files(publish.desk(conn, by="a person", now=NOON), found.files, self.folder)

    def roll_back(self, beginning: str | None = None) -> None:
        with self.database.transaction() as conn:
            desk = publish.desk(conn, by="a person", now=NOON)
            publish.roll_back(desk, publish.earlier(conn, "shop", beginning))

    def process(self) -> Published:
        """A process that starts now, with the files as they are."""
        started = Published(self.database, self.files(), env=ENV, limits=Limits())
        started.follow()
        return started

    def content(self) -> str | None:
        """What the version at work writes into the cookie."""
        with self.database.reading() as conn:
            said = store.at_work(conn).get("shop")
            texts = store.version(conn, "shop", said.version).texts if said and said.version else None
        return next(iter(texts.values())).split("content: ")[1].split("}")[0] if texts else None


def saying(content: str) -> str:
    return GOOD.replace("gold", content)


@pytest.fixture
def shop(tmp_path: Path, database: Database) -> Shop:
    folder = tmp_path / "mappings"
    folder.mkdir()
    made = Shop(folder=folder, database=database)
    made.write()
    return made


@pytest.fixture
def publications(shop: Shop) -> Callable[[], list[tuple[str | None, str]]]:
    """All of the shop's, the oldest first, as (version, cause)."""

    def publications() -> list[tuple[str | None, str]]:
        with shop.database.reading() as conn:
            return [(one.version, one.cause) for one in reversed(store.history(conn, "shop"))]

    return publications
