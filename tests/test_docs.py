"""The documents are true: their examples are loaded, computed and carried out, and what they list is all there is."""

import ast
import dataclasses
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import pytest
from prometheus_client import Counter, Gauge, Histogram

from bridge import metrics, settings
from bridge.alvaria.limits import Limits
from bridge.cli import main
from bridge.demo import play
from bridge.documents import load as load_yaml
from bridge.expressions import FILTERS, QUESTIONS, as_text, compile_template
from bridge.expressions.filters import KEEP_CLEARED
from bridge.mappings import catalogue, trial
from bridge.mappings.layout import parse, ruler
from bridge.mappings.schema import read_layout
from bridge.model import DeliveryState, EventState, OutcomeKind, WebhookState
from tests.newcomer import Newcomer
from tests.pages import blocks, code, section, slug
from tests.test_architecture import BRIDGE, PLACE

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
REFERENCE = ROOT / "docs" / "mapping-reference.md"
OPERATIONS = ROOT / "docs" / "operations.md"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
EXAMPLE = ROOT / ".env.example"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", document.read_text("utf-8")):
        file, _, anchor = target.partition("#")
        path = (document.parent / file) if file else document
        assert path.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
            assert anchor in map(slug, headings), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_in_a_document_exists(document: Path) -> None:
    for words in re.findall(r"(?:^|/)bridge ([a-z]+(?: [a-z]+)?)", code(document), re.MULTILINE):
        command: click.Command | None = main
        for word in words.split():
            command = command.get_command(click.Context(command), word) if isinstance(command, click.Group) else command
            assert command, f"bridge {words}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_make_target_in_a_document_exists(document: Path) -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert set(re.findall(r"^make ([a-z]+)", code(document), re.MULTILINE)) <= set(targets)


def is_layout(text: str) -> bool:
    return "fields" in load_yaml(text, "example").data


YAML = [
    pytest.param(block.text, id=f"{document.name}-{number}")
    for document in DOCUMENTS
    for number, block in enumerate(blocks(document.read_text("utf-8")))
    if block.language == "yaml"
]
LAYOUT = next(
    block for block in blocks(REFERENCE.read_text("utf-8")) if block.language == "yaml" and is_layout(block.text)
)
REST = {
    "version": "version: 1\n",
    "source": 'source: {name: example, preset: generic, secrets: {api_key: ["${EXAMPLE_KEY}"]}}\n',
    "customer": 'customer: "{{ event.record_id }}"\n',
}


@pytest.mark.parametrize("text", YAML)
def test_every_yaml_example_is_a_mapping_or_a_part_of_one_and_its_tests_hold(text: str, tmp_path: Path) -> None:
    (tmp_path / "layouts").mkdir()
    (tmp_path / "layouts" / "hot-leads.yaml").write_text(LAYOUT.text, "utf-8")
    said = load_yaml(text, "example").data
    rest = "" if is_layout(text) else "".join(line for key, line in REST.items() if key not in said)
    (tmp_path / ("layouts/own.yaml" if is_layout(text) else "example.yaml")).write_text(text + rest, "utf-8")
    (tmp_path / "another.yaml").write_text("".join(REST.values()).replace("example", "another"), "utf-8")
    found = catalogue.load(tmp_path, env={}, limits=Limits())
    assert [str(problem) for problem in found.problems if problem.severity == "error"] == []
    for mapping in found.mappings.values():
        assert [str(problem) for problem in trial.run(mapping, limits=Limits())] == []


def test_the_ruler_of_the_reference_is_the_one_of_its_layout() -> None:
    layout = read_layout(load_yaml(LAYOUT.text, "layout"), LAYOUT.text, "hot-leads")[0].layout
    assert layout
    shown = section(REFERENCE, "## Layouts").split("```text\n")[1].split("```")[0].splitlines()
    assert [line.rstrip() for line in shown[:2]] == [line.rstrip() for line in ruler(layout).splitlines()]
    assert parse(layout, shown[2].ljust(layout.width))["@NUMBER"] == "2125550123"


EXPRESSIONS = re.findall(
    r"`(\{\{[^`]+\}\})` → `([^`]+)`|(\{\{.+\}\}) → (.+)$", REFERENCE.read_text("utf-8"), re.MULTILINE
)


@pytest.mark.parametrize("found", EXPRESSIONS, ids=lambda found: found[0] or found[2])
def test_every_expression_of_the_reference_gives_what_it_says(found: tuple[str, ...]) -> None:
    expression, result = found[:2] if found[0] else found[2:]
    assert as_text(compile_template(expression, names=())({})) == result


@pytest.mark.parametrize(("heading", "known"), [("### Filters", FILTERS), ("### Tests of values", QUESTIONS)])
def test_the_reference_lists_each_filter_and_test_with_an_example_of_it(
    heading: str, known: Mapping[str, object]
) -> None:
    rows = re.findall(r"^(\w+) .*(\{\{.*\}\}) →", section(REFERENCE, heading), re.MULTILINE)
    assert sorted(name for name, _ in rows) == sorted(known)
    for name, example in rows:
        assert re.search(rf"(\||is) {name}\b", example), f"the example of {name} does not use it"


def test_the_reference_says_which_filters_leave_a_cleared_field_cleared() -> None:
    sentence = section(REFERENCE, "### Filters").split("stays cleared:")[1].split(".")[0]
    assert sorted(re.findall(r"`(\w+)`", sentence)) == sorted(KEEP_CLEARED)


def variables() -> set[str]:
    """Every variable that settings.py reads; those of the limits are made from the limits' names."""
    tree = ast.parse((BRIDGE / "settings.py").read_text("utf-8"))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    named = {text for text in texts if re.fullmatch(r"((ALVARIA|BRIDGE)_[A-Z_]*[A-Z]|DATABASE_URL|PORT)", text)}
    return named | {f"BRIDGE_{limit.name.upper()}" for limit in dataclasses.fields(Limits)}


def documented(document: Path) -> dict[str, str]:
    """Each variable with the default that the document gives it; '' where it gives none."""
    text = document.read_text("utf-8")
    lines = re.findall(r"^# ([A-Z_]+)=(.*)$", text, re.MULTILINE)
    rows = re.findall(r"^\| `([A-Z_]+)` \| `?(.*?)`? \|", text, re.MULTILINE)
    return {name: "" if value in ("–", "empty") else value.strip('"') for name, value in [*lines, *rows]}


def test_the_operations_page_names_exactly_the_variables_that_there_are() -> None:
    assert set(documented(OPERATIONS)) == variables()


def test_the_example_of_settings_names_each_variable_and_each_secret_of_the_mappings() -> None:
    shipped = catalogue.load(ROOT / "mappings", env={}, limits=Limits()).mappings.values()
    assert set(documented(EXAMPLE)) == variables().union(*(mapping.source.missing_secrets for mapping in shipped))


@pytest.mark.parametrize("document", [OPERATIONS, EXAMPLE], ids=lambda path: path.name)
def test_the_defaults_in_the_documents_are_the_defaults(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in documented(EXAMPLE):
        monkeypatch.delenv(name, raising=False)
    for name in (*settings.SANDBOX, "BRIDGE_SECRET_KEY"):
        monkeypatch.setenv(name, "something")
    unsaid = settings.load()
    for name, value in documented(document).items():
        if value and "{" not in value:
            monkeypatch.setenv(name, value)
    assert dataclasses.replace(settings.load(), environ={}) == dataclasses.replace(unsaid, environ={})


def test_the_operations_page_lists_every_metric() -> None:
    counted = [metric for metric in vars(metrics).values() if isinstance(metric, Counter | Gauge | Histogram)]
    described = [next(iter(metric.describe())) for metric in counted]
    names = [f"{each.name}_total" if each.type == "counter" else each.name for each in described]
    assert sorted(re.findall(r"^\| `(bridge_\w+)`", OPERATIONS.read_text("utf-8"), re.MULTILINE)) == sorted(names)


def loud() -> Iterator[str]:
    """Every event that is logged as a warning or an error."""
    for path in BRIDGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="log"), attr="warning" | "error"),
                    args=[ast.Constant(value=str(event)), *_],
                ):
                    yield event


def test_the_operations_page_says_of_every_warning_and_error_in_the_log_what_to_do() -> None:
    rows = re.findall(r"^\| `(\w+\.\w+)` \|", section(OPERATIONS, "## Health, logs and metrics"), re.MULTILINE)
    assert sorted(rows) == sorted({*loud(), "deliveries.settled"})


def test_the_operations_page_explains_every_reason_for_a_refusal() -> None:
    texts = "".join((BRIDGE / "sources" / name).read_text("utf-8") for name in ("verify.py", "tokens.py"))
    reasons = set(re.findall(r'"((?:missing|bad|too|in)_\w+)"', texts))
    rows = re.findall(r"^\| ((?:`\w+_\w+` ?)+) \|", section(OPERATIONS, "## Health, logs and metrics"), re.MULTILINE)
    explained = {reason for row in rows for reason in re.findall(r"\w+", row) if not reason.startswith("bridge_")}
    assert explained == reasons


def test_every_state_has_a_row_that_says_what_it_means() -> None:
    rows = set(re.findall(r"^\| `(\w+)` \|", OPERATIONS.read_text("utf-8"), re.MULTILINE))
    assert {*WebhookState, *EventState, *DeliveryState} <= rows
    outcomes = re.findall(r"^\| `(\w+)` \|", section(REFERENCE, "## Rules"), re.MULTILINE)
    assert set(OutcomeKind) <= set(outcomes)


def test_the_architecture_page_lists_every_part_in_the_order_of_the_street() -> None:
    street = blocks(section(ARCHITECTURE, "## The parts stand along the street"))[0].text
    listed = [name.removesuffix(".py").rstrip("/") for name in re.findall(r"^(\S+) ", street, re.MULTILINE)]
    there = {path.stem for path in BRIDGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert set(listed) == there - {"__init__", "__main__"}
    assert listed == sorted(listed, key=PLACE.__getitem__)


def test_every_file_that_the_architecture_page_names_is_there() -> None:
    for name in re.findall(r"`((?:\w+/)*\w+(?:\.py|/))`", ARCHITECTURE.read_text("utf-8")):
        assert (ROOT / name).exists() or any(BRIDGE.rglob(name)), name


def test_the_starter_mappings_are_those_of_the_demonstration() -> None:
    def files(folder: Path) -> dict[str, bytes]:
        found = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
        return {str(name): path.read_bytes() for name, path in found.items() if name.parts[0] != "examples"}

    assert files(ROOT / "mappings") == files(BRIDGE / "demo" / "mappings")


def test_the_cookies_that_the_readme_shows_are_among_those_of_the_demonstration() -> None:
    shown = section(README, "## Two commands").split("service  content\n")[1].split("\n\n")[0]
    expected = {(customer, key, channel, content) for customer, key, channel, _, content in play.expected().cookies}
    assert {tuple(line.split(maxsplit=3)) for line in shown.splitlines()} <= expected


def test_the_figures_of_the_performance_page_are_those_that_were_measured() -> None:
    report = ROOT / "tests" / "benchmarks" / "report.py"
    page = ROOT / "docs" / "performance.md"
    subprocess.run([sys.executable, str(report), str(page.with_suffix(".json")), str(page), "--check"], check=True)


FIRST_MAPPING = blocks(section(README, "## Your first mapping in five minutes"))
SLIP = next(block.text for block in FIRST_MAPPING if block.text.startswith("error"))


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Newcomer]:
    (tmp_path / "mappings").mkdir()
    someone = Newcomer(tmp_path)
    yield someone
    someone.stop()


def test_who_follows_the_readme_has_a_cookie_in_the_sandbox(newcomer: Newcomer) -> None:
    for block in FIRST_MAPPING:
        if block.text != SLIP:
            newcomer.follow(block)
    play.wait_until(lambda: bool(play.read_back(newcomer.sandbox_url, ()).cookies), "the cookies are there")
    assert play.read_back(newcomer.sandbox_url, ()).cookies == {
        ("7", "crm.name", "all", "", "Ada King"),
        ("7", "crm.tier", "voice", "", "silver"),
    }


def test_the_slip_that_the_readme_shows_is_told_in_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mappings").mkdir()
    mapping = next(block.text for block in FIRST_MAPPING if block.language == "yaml")
    Path("mappings/mycrm.yaml").write_text(mapping.replace("| lookup", "| lokup"), "utf-8")
    (problem,) = catalogue.load(Path("mappings"), env={}, limits=Limits()).problems
    assert SLIP.split(maxsplit=1) == [problem.severity, f"{problem}\n"]
