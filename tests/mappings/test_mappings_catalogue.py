"""A folder of mappings is loaded as far as it can be used, and every mistake in it is told."""

from pathlib import Path

import pytest

from bridge.alvaria.limits import Limits
from bridge.mappings.catalogue import Catalogue, check, load

GOOD = """\
version: 1
source: {name: NAME, preset: generic, secrets: {api_key: ["${THE_KEY}"]}}
customer: "{{ event.record_id }}"
rules:
  - name: lead
    once: {per: "{{ event.id }}"}
    fast_path: {list: 1, layout: leads, fields: {"@ACCOUNT": a}}
"""
LAYOUT = 'version: 1\nfields: [{name: "@ACCOUNT", width: 6}]\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "layouts").mkdir()
    (tmp_path / "layouts" / "leads.yaml").write_text(LAYOUT)
    (tmp_path / "crm.yaml").write_text(GOOD.replace("NAME", "crm"))
    return tmp_path


def loaded(folder: Path, env: dict[str, str] | None = None) -> Catalogue:
    return load(folder, env=env or {"THE_KEY": "secret"}, limits=Limits())


def told(catalogue: Catalogue, folder: Path) -> list[str]:
    return [str(problem).removeprefix(f"{folder}/") for problem in catalogue.problems]


def test_mappings_stand_under_the_names_of_their_sources(folder: Path) -> None:
    (folder / "other.yml").write_text(GOOD.replace("NAME", "shop"))
    catalogue = loaded(folder)
    assert told(catalogue, folder) == []
    assert set(catalogue.mappings) == {"crm", "shop"}
    assert catalogue.mappings["crm"].rules


def test_secrets_come_from_the_environment(folder: Path) -> None:
    assert loaded(folder).mappings["crm"].source.secrets["api_key"].values == ("secret",)
    assert loaded(folder, {"OTHER": "x"}).mappings["crm"].source.missing_secrets == ("THE_KEY",)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.yaml", b"", "a.yaml:1: is empty; begin it with version: 1"),
        ("a.yaml", b"# later\n", "a.yaml:1: is empty; begin it with version: 1"),
        ("a.yaml", b"- 1\n", "a.yaml:1: is not a map of keys and values; begin it with version: 1"),
        ("a.yaml", b"version: 1\nname: \xff\n", "a.yaml:2: is not UTF-8 text; save it as UTF-8"),
        ("a.yaml", b"version: 1\nversion: 1\n", "a.yaml:2: "),
        ("layouts/a.yaml", b"version: 1\n", "layouts/a.yaml:1: fields: is missing; add it"),
        ("layouts/a.yaml", b"\xff", "layouts/a.yaml:1: is not UTF-8 text; save it as UTF-8"),
    ],
)
def test_one_bad_file_does_not_hinder_the_others(folder: Path, name: str, content: bytes, message: str) -> None:
    (folder / name).write_bytes(content)
    catalogue = loaded(folder)
    (problem,) = told(catalogue, folder)
    assert problem.startswith(message)
    assert catalogue.mappings["crm"].rules is not None


@pytest.mark.parametrize("content", ["", "version: 1\nfields: []\n"])
def test_a_broken_layout_stops_the_rules_that_use_it_and_no_receiving(folder: Path, content: str) -> None:
    (folder / "layouts" / "leads.yaml").write_text(content)
    catalogue = loaded(folder)
    assert len(catalogue.problems) == 2
    assert f"cannot be used before {folder / 'layouts' / 'leads.yaml'} is mended" in str(catalogue.problems[1])
    assert catalogue.mappings["crm"].rules is None


def test_two_files_cannot_have_one_source(folder: Path) -> None:
    (folder / "more.yaml").write_text(GOOD.replace("NAME", "crm"))
    catalogue = loaded(folder)
    assert told(catalogue, folder) == [
        f"more.yaml:2: source.name: source 'crm' is in {folder / 'crm.yaml'} too, and that one is used;"
        " give this one another name"
    ]
    assert catalogue.mappings["crm"].file == str(folder / "crm.yaml")


def test_what_is_no_mapping_is_left_alone(folder: Path) -> None:
    (folder / "apps").mkdir()
    for name in ("maintenance.yaml", "apps/order.yaml", ".crm.yaml", "notes.txt", "crm.yaml~"):
        (folder / name).write_text("no: mapping\n")
    assert told(loaded(folder), folder) == []


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    (problem,) = loaded(tmp_path / "mapings").problems
    assert str(problem).startswith(f"{tmp_path / 'mapings'}:1: cannot be read (No such file or directory)")


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    (problem,) = loaded(tmp_path).problems
    assert "holds no mapping; put one in" in str(problem)


def test_files_can_be_checked_alone_with_the_layouts_beside_them(folder: Path) -> None:
    (folder / "broken.yaml").write_text("version: 2\n")
    catalogue = check([folder / "crm.yaml"], env={}, limits=Limits())
    assert catalogue.problems == ()
    assert list(catalogue.mappings) == ["crm"]


def test_a_layout_can_be_checked_alone(folder: Path) -> None:
    layout = folder / "layouts" / "leads.yaml"
    layout.write_text("version: 1\nfields: [{name: A}]\n")
    (problem,) = check([layout], env={}, limits=Limits()).problems
    assert (problem.file, problem.path) == (str(layout), "fields[0].width")
