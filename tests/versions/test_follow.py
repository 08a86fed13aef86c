"""Every process comes to know what is published, whatever its own files say."""

from pathlib import Path

import pytest

from bridge.alvaria.limits import Limits
from bridge.db import Database
from bridge.errors import DatabaseAway
from bridge.versions.follow import Published
from tests.versions.conftest import BROKEN_RULES, BROKEN_YAML, ENV, Shop, saying


def content(process: Published) -> str:
    (rule,) = process.catalogue.mappings["shop"].rules or ()
    return rule.action.settings[0].content.text  # type: ignore[union-attr]  # the shop's rule has settings


def test_a_process_follows_what_another_has_published(shop: Shop) -> None:
    shop.read()
    process = shop.process()
    before = process.catalogue
    process.follow()
    assert process.catalogue is before
    shop.write(saying("silver"))
    shop.read()
    process.follow()
    assert content(process) == "silver"
    shop.roll_back()
    process.follow()
    assert content(process) == "gold"


def test_it_does_not_look_again_before_it_is_time(shop: Shop) -> None:
    shop.read()
    process = shop.process()
    process.follow(every_s=3600)
    shop.write(saying("silver"))
    shop.read()
    process.follow(every_s=3600)
    assert content(process) == "gold"


def test_what_has_not_changed_is_not_compiled_again(shop: Shop) -> None:
    shop.write(saying("x").replace("name: shop", "name: other"), "other.yaml")
    shop.read()
    process = shop.process()
    other = process.catalogue.mappings["other"]
    shop.write(saying("silver"))
    shop.read()
    process.follow()
    assert process.catalogue.mappings["other"] is other


def test_a_process_publishes_what_it_finds_changed_at_its_start(shop: Shop) -> None:
    process = Published(shop.database, shop.files(), env=ENV, limits=Limits())
    process.publish(shop.files)
    process.follow()
    assert shop.content() == "gold"
    shop.write(BROKEN_YAML)
    restarted = Published(shop.database, shop.files(), env=ENV, limits=Limits())
    restarted.publish(shop.files)
    restarted.follow()
    assert content(restarted) == "gold"


def test_a_process_whose_turn_comes_late_does_not_publish_what_it_read_before(shop: Shop) -> None:
    late = Published(shop.database, shop.files(), env=ENV, limits=Limits())
    late.publish(shop.files)
    shop.read()
    shop.write(saying("silver"))
    shop.read()
    late.follow()
    assert shop.content() == content(late) == "silver"


def test_secrets_are_those_of_the_process(shop: Shop) -> None:
    shop.read()
    rotated = Published(shop.database, shop.files(), env={"SHOP_KEY": "new"}, limits=Limits())
    rotated.follow()
    assert rotated.catalogue.mappings["shop"].source.values_of("api_key") == ("new",)


def test_a_version_that_cannot_be_used_is_told(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.write(BROKEN_RULES)
    shop.read()
    assert shop.process().catalogue.mappings["shop"].rules is None
    assert "mapping.unusable" in capsys.readouterr().err


def test_without_tables_the_files_are_at_work(tmp_path: Path, database_url: str) -> None:
    empty = Database(database_url)
    shop = Shop(folder=tmp_path, database=empty)
    shop.write()
    process = Published(empty, shop.files(), env=ENV, limits=Limits())
    process.publish(shop.files)
    process.follow()
    assert content(process) == "gold"
    empty.close()


def test_a_database_that_is_away_leaves_at_work_what_was_and_publishes_later(shop: Shop) -> None:
    away = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    process = Published(away, shop.files(), env=ENV, limits=Limits())
    process.publish(shop.files)
    with pytest.raises(DatabaseAway):
        process.follow()
    assert content(process) == "gold"
    process.database = shop.database
    process.follow()
    assert shop.content() == "gold"
    away.close()
