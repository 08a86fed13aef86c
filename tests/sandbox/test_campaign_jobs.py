"""Export and import jobs: their lives, and names in conflict."""

from typing import Any

import pytest

from bridge.sandbox.serve import Sandbox
from tests.sandbox.campaign import V3, message, put
from tests.sandbox.client import Client, Clock

JOBS = f"{V3}/jobs"


@pytest.fixture(autouse=True)
def _configuration(client: Client, sandbox: Sandbox) -> None:
    put(sandbox, "jobs")
    put(sandbox, "strategies", {"id": 1, "version": 1, "name": "Late", "description": "30 days late"})
    lists = [{"id": id_, "name": f"L{id_}", "strategy": "Late", "listType": 0, "status": 1} for id_ in (1, 2)]
    put(sandbox, "lists", *lists)
    filters = [{"id": name, "filterName": name, "filterDescription": f"{name}!"} for name in ("A", "B")]
    put(sandbox, "filters", *filters)
    for name in ("schemaDefinitions", "dispositions", "geocodeTemplates"):
        put(sandbox, name)


def export(client: Client, *names: str, file: str = "out.zip") -> str:
    objects = [{"objectType": "FILTERS", "objectNames": list(names)}]
    got = client.post(f"{JOBS}/export", {"fileName": file, "zipComment": "some", "objectsToExport": objects})
    assert got.status == 202, got.text
    return str(got.json["id"])


def load(client: Client, *names: str, object_type: str = "FILTERS", **members: Any) -> str:
    objects = [{"objectType": object_type, "objectNames": list(names)}]
    got = client.post(f"{JOBS}/import", {"fileName": "in.zip", "objectsToImport": objects, **members})
    assert got.status == 202, got.text
    return str(got.json["id"])


def resolution(**members: Any) -> dict[str, Any]:
    return {
        "configObjectName": "Filters",
        "configRenameAll": False,
        "configIgnoreAll": False,
        "configSalt": "",
        "configAppend": True,
        "conflictChanges": [],
        **members,
    }


def resolve(client: Client, id_: str, **members: Any) -> Any:
    return client.post(f"{JOBS}/{id_}/conflict", resolution(**members))


def job(client: Client, id_: str) -> Any:
    return client.get(f"{JOBS}/{id_}").json


def state(client: Client, id_: str) -> str:
    return str(job(client, id_)["jobStatus"])


def step(client: Client, id_: str, name: str) -> int:
    got = client.post(f"{JOBS}/{id_}/{name}")
    assert got.status == 400 or got.content == b""
    return got.status


def test_a_new_job_says_its_id_and_its_times(client: Client) -> None:
    objects = [{"objectType": "STRATEGY", "objectNames": ["Late"]}]
    got = client.post(f"{JOBS}/export", {"fileName": "f", "zipComment": "c", "objectsToExport": objects})
    assert (got.status, set(got.json)) == (202, {"id", "creationTime", "lastModifiedTime"})
    assert got.json["creationTime"] == "2030-01-01T12:00:00Z"
    assert job(client, got.json["id"]) == {
        "kind": "via#job",
        "jobType": "Export",
        "message": "inactive",
        "jobStatus": "Pending",
        "conflicts": False,
        "conflictObjectName": "",
        "conflictInfo": [],
    }


def test_a_job_waits_runs_and_is_done(client: Client, clock: Clock) -> None:
    id_, seen = export(client, "A"), []
    for _ in range(14):
        seen.append(state(client, id_))
        clock.advance(1)
    assert seen == ["Pending"] * 2 + ["Running"] * 10 + ["Completed"] * 2


def test_nobody_needs_to_look_for_a_job_to_be_done(client: Client, clock: Clock) -> None:
    id_ = export(client, "A")
    clock.advance(600)
    assert state(client, id_) == "Completed"


@pytest.mark.parametrize(
    ("before", "after_s", "possible"),
    [
        ([], 0, set()),
        ([], 5, {"pause"}),
        (["pause"], 5, {"resume", "abort"}),
        (["pause", "resume"], 5, {"pause"}),
        (["pause", "abort"], 5, set()),
        ([], 60, set()),
    ],
    ids=["pending", "running", "paused", "resumed", "aborted", "completed"],
)
@pytest.mark.parametrize("name", ["pause", "resume", "abort"])
def test_each_step_is_possible_from_one_state_only(
    client: Client, clock: Clock, before: list[str], after_s: float, possible: set[str], name: str
) -> None:
    id_ = export(client, "A")
    clock.advance(after_s)
    assert [step(client, id_, one) for one in before] == [202] * len(before)
    assert step(client, id_, name) == (202 if name in possible else 400)


def test_a_paused_job_goes_on_where_it_was(client: Client, clock: Clock) -> None:
    id_ = export(client, "A")
    clock.advance(2 + 6)
    step(client, id_, "pause")
    clock.advance(600)
    assert state(client, id_) == "Paused"
    step(client, id_, "resume")
    clock.advance(3)
    assert state(client, id_) == "Running"
    clock.advance(1)
    assert state(client, id_) == "Completed"


def test_an_aborted_job_stays_so(client: Client, clock: Clock) -> None:
    id_ = export(client, "A")
    clock.advance(5)
    step(client, id_, "pause")
    step(client, id_, "abort")
    clock.advance(600)
    assert (state(client, id_), job(client, id_)["message"]) == ("Aborted", "aborted")


def test_all_jobs_are_listed_with_their_files(client: Client, clock: Clock) -> None:
    first = export(client, "A")
    clock.advance(5)
    second = load(client, "C")
    got = client.get(JOBS).json
    assert (got["kind"], got["totalItems"], got["lastIndexReturned"]) == ("via#jobCollection", 2, 2)
    shown = [(one["id"], one["jobType"], one["fileName"], one["jobStatus"]) for one in got["jobs"]]
    assert shown == [(first, "Export", "out.zip", "Running"), (second, "Import", "in.zip", "Pending")]
    assert all("conflictInfo" not in one for one in got["jobs"])


@pytest.mark.parametrize("path", ["", "/pause", "/resume", "/abort", "/conflict"])
def test_a_job_that_is_not_there_is_404(client: Client, path: str) -> None:
    body = resolution() if path == "/conflict" else None
    got = client.post(f"{JOBS}/none{path}", body) if path else client.get(f"{JOBS}/none")
    assert got.status == 404


def test_an_import_of_names_that_exist_waits_for_their_settling(client: Client, clock: Clock) -> None:
    id_ = load(client, "A", "B", "C")
    clock.advance(60)
    found = job(client, id_)
    assert (found["jobStatus"], found["conflicts"], found["conflictObjectName"]) == ("Pending", True, "Filters")
    assert found["conflictInfo"] == [{"name": "A"}, {"name": "B"}]
    got = resolve(client, id_, conflictChanges=[{"originalName": "A", "newName": "A2"}])
    assert (got.status, got.content) == (202, b"")
    assert job(client, id_)["conflictInfo"] == [{"name": "B"}]
    assert resolve(client, id_, configObjectName="Filter", configIgnoreAll=True).status == 202
    assert (job(client, id_)["conflicts"], job(client, id_)["jobStatus"]) == (False, "Pending")
    clock.advance(2)
    assert state(client, id_) == "Running"


def test_two_kinds_of_objects_are_settled_one_after_the_other(client: Client) -> None:
    objects = [
        {"objectType": "FILTERS", "objectNames": ["A"]},
        {"objectType": "STRATEGY", "objectNames": ["Late"]},
    ]
    id_ = client.post(f"{JOBS}/import", {"fileName": "in.zip", "objectsToImport": objects}).json["id"]
    assert job(client, id_)["conflictObjectName"] == "Strategies"
    assert resolve(client, id_, configObjectName="Strategy", configRenameAll=True, configSalt="ABC").status == 202
    assert (job(client, id_)["conflictObjectName"], job(client, id_)["conflictInfo"]) == ("Filters", [{"name": "A"}])


@pytest.mark.parametrize("settled", [{"salt": "sal1"}, {"updateAll": True}, {"ignoreErrors": True}], ids=str)
def test_conflicts_can_be_settled_beforehand(client: Client, settled: dict[str, Any]) -> None:
    assert job(client, load(client, "A", **settled))["conflicts"] is False


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({}, "conflictChanges is empty"),
        ({"configObjectName": "Dispositions", "configIgnoreAll": True}, "no conflict of 'Dispositions'"),
        ({"configRenameAll": True}, "needs a configSalt"),
        ({"conflictChanges": [{"originalName": "C", "newName": "D"}]}, "'C' is no name in conflict"),
        ({"conflictChanges": [{"originalName": "A", "newName": "B"}]}, "'B' exists already"),
        ({"configSalt": "ABCDE"}, "configSalt"),
    ],
    ids=str,
)
def test_what_settles_nothing_is_refused(client: Client, wrong: dict[str, Any], words: str) -> None:
    id_ = load(client, "A")
    got = resolve(client, id_, **wrong)
    assert (got.status, words in message(got)) == (400, True)
    assert job(client, id_)["conflictInfo"] == [{"name": "A"}]


def test_a_job_without_conflicts_has_none_to_settle(client: Client) -> None:
    assert resolve(client, export(client, "A"), configIgnoreAll=True).status == 400


def test_what_can_be_exported_comes_by_groups(client: Client) -> None:
    got = client.get(f"{JOBS}/exportableItems").json
    groups = {one["exportableObjectGroup"]: one["exportableObjects"] for one in got["objectsTypes"]}
    assert got["kind"] == "via#exportableItemCollection"
    assert groups["Strategies"] == [
        {
            "objectName": "Late",
            "objectDescription": "30 days late",
            "relatedItems": [{"objectType": "LISTDEFINITIONS", "objectNames": "L1, L2"}],
        }
    ]
    assert [one["objectName"] for one in groups["Filters"]] == ["A", "B"]
    second = client.get(f"{JOBS}/exportableItems?startIndex=1&maxResults=1").json
    assert second["objectsTypes"] == [got["objectsTypes"][1]]
    assert (second["totalItems"], second["lastIndexReturned"]) == (got["totalItems"], 2)


def test_what_is_exported_names_what_it_is_tied_to(client: Client, sandbox: Sandbox) -> None:
    put(sandbox, "lists", {"id": 1, "name": "L1", "filterName": "A"})
    put(sandbox, "schemaDefinitions", {"id": "s", "schemaName": "Customers"})
    put(sandbox, "filters", {"id": "A", "filterName": "A", "schemaId": "s"})
    got = client.get(f"{JOBS}/exportableItems").json["objectsTypes"]
    tied = [item["relatedItems"] for group in got for item in group["exportableObjects"] if item["relatedItems"]]
    assert tied == [
        [{"objectType": "FILTERS", "objectNames": "A"}],
        [{"objectType": "SCHEMADEFINITIONS", "objectNames": "Customers"}],
    ]


def test_a_file_offers_what_was_exported_into_it(client: Client) -> None:
    export(client, "B", file="mine")
    got = client.get(f"{JOBS}/importableItems?fileName=mine.zip").json
    assert got["kind"] == "via#importableItemCollection"
    b = {"objectName": "B", "objectDescription": "B!", "relatedItems": []}
    assert got["objectsTypes"] == [{"kind": "via#importableItem", "objects": [b], "objectGroup": "Filters"}]
    assert client.get(f"{JOBS}/importableItems?fileName=uploaded.zip").json["totalItems"] == 3, "all that there is"
    assert client.get(f"{JOBS}/importableItems").status == 400
