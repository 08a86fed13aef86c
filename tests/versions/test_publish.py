"""The folder and what is at work: what is broken never replaces what works, and people have the last word."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from bridge.db import Database
from bridge.errors import BridgeError
from bridge.versions import publish, queries, store
from bridge.versions.publish import Became
from tests.versions.conftest import BROKEN_RULES, BROKEN_SOURCE, BROKEN_YAML, ENV, GOOD, Shop, saying

Publications: TypeAlias = Callable[[], list[tuple[str | None, str]]]


def state(shop: Shop) -> str:
    with shop.database.reading() as conn:
        (line,) = queries.mapping_lines(conn)
    return line.state


def test_a_file_is_published_once_and_again_when_it_changes(shop: Shop, publications: Publications) -> None:
    assert shop.became() == [Became.PUBLISHED]
    assert shop.became() == [Became.UNCHANGED]
    shop.write(saying("silver"))
    assert shop.became() == [Became.PUBLISHED]
    assert shop.content() == "silver"
    assert [cause for _, cause in publications()] == ["file", "file"]


@pytest.mark.parametrize("broken", [BROKEN_RULES, BROKEN_SOURCE, BROKEN_YAML, "", "- 1\n"])
def test_a_broken_file_leaves_the_last_good_version_at_work_across_restarts(shop: Shop, broken: str) -> None:
    shop.read()
    shop.write(broken)
    assert shop.became() == [Became.LAST_GOOD]
    assert shop.became() == [Became.LAST_GOOD]
    mapping = shop.process().catalogue.mappings["shop"]
    assert mapping.rules
    assert mapping.source.values_of("api_key") == (ENV["SHOP_KEY"],)
    assert state(shop) == "file broken: last good runs"


@pytest.mark.parametrize("broken", [BROKEN_RULES, BROKEN_SOURCE, BROKEN_YAML])
def test_a_mended_file_is_at_work_again(shop: Shop, broken: str) -> None:
    shop.read()
    shop.write(broken)
    shop.read()
    shop.write(saying("silver"))
    assert shop.became() == [Became.PUBLISHED]
    assert state(shop) == "ok"
    assert shop.content() == "silver"


def test_a_file_that_was_broken_and_is_as_before_is_at_work_without_a_new_publication(
    shop: Shop, publications: Publications
) -> None:
    shop.read()
    shop.write(BROKEN_YAML)
    shop.read()
    shop.write(GOOD)
    assert shop.became() == [Became.PUBLISHED]
    assert len(publications()) == 1


def test_a_valid_source_receives_although_its_rules_were_never_good(shop: Shop) -> None:
    shop.write(BROKEN_RULES)
    assert shop.became() == [Became.WITHOUT_RULES]
    assert shop.became() == [Became.WITHOUT_RULES]
    mapping = shop.process().catalogue.mappings["shop"]
    assert mapping.rules is None
    assert state(shop) == "rules broken: events wait"


def test_what_was_never_good_at_all_is_not_at_work(shop: Shop) -> None:
    shop.write(BROKEN_SOURCE)
    assert shop.became() == [Became.UNUSABLE]
    assert shop.process().catalogue.mappings == {}


def test_a_broken_layout_leaves_the_last_good_version_at_work_and_a_changed_one_makes_a_version(shop: Shop) -> None:
    layout = shop.folder / "layouts" / "leads.yaml"
    layout.parent.mkdir()
    layout.write_text('version: 1\nfields: [{name: "@ACCOUNT", width: 6}]\n', "utf-8")
    record = 'fast_path: {list: 1, layout: leads, fields: {"@ACCOUNT": a}}'
    shop.write(GOOD + '  - {name: d, once: {per: "{{ event.id }}"}, ' + record + "}\n")
    shop.read()
    layout.write_text("version: 1\n", "utf-8")
    assert shop.became() == [Became.LAST_GOOD]
    assert shop.process().catalogue.mappings["shop"].rules
    layout.write_text('version: 1\nfields: [{name: "@ACCOUNT", width: 7}]\n', "utf-8")
    assert shop.became() == [Became.PUBLISHED]
    with shop.database.reading() as conn:
        assert len(store.versions(conn, "shop")) == 3


def test_broken_texts_are_kept_with_the_good_ones(shop: Shop) -> None:
    shop.read()
    for broken in (BROKEN_RULES, BROKEN_SOURCE):
        shop.write(broken)
        shop.read()
    with shop.database.reading() as conn:
        kept = {next(iter(one.texts.values())) for one in store.versions(conn, "shop")}
    assert kept == {GOOD, BROKEN_RULES, BROKEN_SOURCE}


def test_no_secret_is_stored(shop: Shop) -> None:
    shop.read()
    with shop.database.reading() as conn:
        everything = str([store.versions(conn, "shop"), store.history(conn, "shop"), store.files(conn)])
    assert "SHOP_KEY" not in everything  # a version's texts are not even in its repr
    with shop.database.reading() as conn:
        [kept] = store.versions(conn, "shop")
    assert "${SHOP_KEY}" in str(kept.texts)
    assert ENV["SHOP_KEY"] not in everything + str(kept.texts)


def test_a_version_that_was_rolled_back_stays_until_its_file_changes(shop: Shop, publications: Publications) -> None:
    shop.read()
    shop.write(saying("silver"))
    shop.read()
    shop.roll_back()
    assert shop.content() == "gold"
    assert shop.became() == [Became.NOT_AT_WORK]
    assert shop.content() == "gold"
    assert state(shop).startswith("not that of shop.yaml, which holds ")
    shop.write(saying("bronze"))
    assert shop.became() == [Became.PUBLISHED]
    assert shop.content() == "bronze"
    assert [cause for _, cause in publications()] == ["file", "file", "rolled back", "file"]


def test_a_rolled_back_file_comes_to_work_when_somebody_publishes_it(shop: Shop) -> None:
    shop.read()
    shop.write(saying("silver"))
    shop.read()
    shop.roll_back()
    shop.publish(shop.file)
    assert shop.content() == "silver"


def test_a_file_of_the_folder_that_was_published_by_hand_is_not_news_at_the_next_start(shop: Shop) -> None:
    shop.read()
    shop.write(saying("silver"))
    shop.publish(shop.file)
    shop.roll_back()
    assert shop.became() == [Became.NOT_AT_WORK]
    assert shop.content() == "gold"


def test_a_file_from_elsewhere_stays_at_work_until_the_one_of_the_folder_changes(shop: Shop, tmp_path: Path) -> None:
    shop.read()
    draft = tmp_path / "draft.yaml"
    draft.write_text(saying("silver"), "utf-8")
    shop.publish(draft)
    assert shop.became() == [Became.NOT_AT_WORK]
    assert shop.content() == "silver"
    shop.write(saying("bronze"))
    assert shop.became() == [Became.PUBLISHED]


def test_to_roll_back_twice_goes_back_further(shop: Shop) -> None:
    for content in ("one", "two", "three"):
        shop.write(saying(content))
        shop.read()
    shop.roll_back()
    assert shop.content() == "two"
    shop.roll_back()
    assert shop.content() == "one"
    with pytest.raises(BridgeError, match="no earlier version"):
        shop.roll_back()


def test_a_version_is_named_by_the_beginning_of_its_hash(shop: Shop, publications: Publications) -> None:
    for content in ("one", "two", "three"):
        shop.write(saying(content))
        shop.read()
    first = publications()[0][0]
    assert first
    shop.roll_back(first[:6])
    assert shop.content() == "one"
    with pytest.raises(BridgeError, match="'nothing' is not kept; kept are: "):
        shop.roll_back("nothing")
    with shop.database.reading() as conn, pytest.raises(BridgeError, match="may be one of several"):
        publish.found(conn, "shop", "")


def test_a_removed_file_is_withdrawn_and_may_come_back(shop: Shop) -> None:
    shop.write(GOOD.replace("name: shop", "name: other"), "other.yaml")
    shop.read()
    shop.file.unlink()
    assert Became.WITHDRAWN in shop.became()
    assert set(shop.process().catalogue.mappings) == {"other"}
    shop.write()
    assert shop.became() == [Became.UNCHANGED, Became.PUBLISHED]
    assert shop.content() == "gold"


def test_a_source_with_a_new_name_takes_the_place_of_the_old_one(shop: Shop) -> None:
    shop.read()
    shop.write(GOOD.replace("name: shop", "name: store"))
    assert shop.became() == [Became.PUBLISHED, Became.WITHDRAWN]
    assert set(shop.process().catalogue.mappings) == {"store"}


def test_nothing_is_withdrawn_while_a_file_does_not_say_which_source_it_is_for(shop: Shop) -> None:
    shop.read()
    shop.file.rename(shop.folder / "renamed.yaml").write_text(BROKEN_YAML, "utf-8")
    assert shop.became() == [Became.UNUSABLE]
    assert shop.content() == "gold"


def test_an_empty_folder_withdraws_nothing(shop: Shop) -> None:
    shop.read()
    shop.file.unlink()
    assert shop.became() == []
    shop.folder.rmdir()
    assert shop.became() == [Became.UNUSABLE]
    assert shop.content() == "gold"


def test_what_was_published_from_elsewhere_needs_no_file(shop: Shop, tmp_path: Path) -> None:
    draft = tmp_path / "draft.yaml"
    draft.write_text(GOOD.replace("name: shop", "name: other"), "utf-8")
    shop.publish(draft)
    shop.read()
    assert set(shop.process().catalogue.mappings) == {"other", "shop"}


def test_several_processes_that_start_at_once_publish_once(shop: Shop, publications: Publications) -> None:
    threads = [threading.Thread(target=shop.read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(publications()) == 1


def test_the_revision_grows_with_each_publication(shop: Shop, database: Database) -> None:
    seen = []
    for content in ("one", "one", "two"):
        shop.write(saying(content))
        shop.read()
        with database.reading() as conn:
            seen.append(store.revision(conn))
    assert seen[0] == seen[1] < seen[2]
