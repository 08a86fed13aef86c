"""Export and import jobs: Campaign API v3, Jobs. Pending, Running, Completed; Paused and Aborted by request.

A job's life is computed when it is read: it keeps how long it has run and since when it is in its state. An import with
open name conflicts stays Pending until they are settled. Only Pending is shown in the document, and running and paused
are named there; the other words are the sandbox's own, and so are the times. No file is written or read.
"""

import uuid
from datetime import datetime, timedelta

from bridge.sandbox.campaign.conflicts import left, met
from bridge.sandbox.campaign.store import held, seconds_iso
from bridge.sandbox.engine import plain, shelves
from bridge.sandbox.engine.shelves import Object
from bridge.sandbox.members import iso, moment
from bridge.sandbox.messages import Ask, Json, Refusal, Reply
from bridge.sandbox.state import State

COLLECTION = "jobs"
PENDING, RUNNING, PAUSED, COMPLETED, ABORTED = "Pending", "Running", "Paused", "Completed", "Aborted"
PENDING_S, RUNNING_S = 2, 10
MESSAGES = {
    PENDING: "inactive",
    RUNNING: "active",
    PAUSED: "paused",
    COMPLETED: "completed",
    ABORTED: "aborted",
}


def export_objects(state: State, ask: Ask) -> Reply:
    return _add(state, "Export", ask.json, [])


def import_objects(state: State, ask: Ask) -> Reply:
    return _add(state, "Import", ask.json, met(state, ask.json))


def _add(state: State, job_type: str, posted: Json, conflicts: list[Json]) -> Reply:
    id_, now = str(uuid.uuid4()), state.now()
    held(state, COLLECTION)[id_] = {
        "id": id_,
        "jobType": job_type,
        "fileName": posted["fileName"],
        "jobStatus": PENDING,
        "since": iso(now),
        "ranSeconds": 0.0,
        "conflictInfo": conflicts,
        "request": posted,
        "creationTime": seconds_iso(now),
    }
    return Reply(status=202, body={"id": id_, "creationTime": seconds_iso(now), "lastModifiedTime": seconds_iso(now)})


def list_jobs(state: State, ask: Ask) -> Reply:
    return plain.page(state, ask, [_shown(_by_now(job, state.now())) for job in held(state, COLLECTION).values()])


def get_job(state: State, ask: Ask) -> Reply:
    """Neither its id nor its file's name is in the answer."""
    return plain.shown(ask, _shown(_asked(state, ask)))


def _shown(job: Object) -> Object:
    """The kind of object is that of the first conflict: the answer has room for one."""
    conflicts = job["conflictInfo"]
    named = {"conflicts": bool(conflicts), "conflictObjectName": conflicts[0]["group"] if conflicts else ""}
    return {**job, **named, "message": MESSAGES.get(job["jobStatus"], "")}


def pause(state: State, ask: Ask) -> Reply:
    return _move(state, ask, RUNNING, PAUSED)


def resume(state: State, ask: Ask) -> Reply:
    return _move(state, ask, PAUSED, RUNNING)


def abort(state: State, ask: Ask) -> Reply:
    return _move(state, ask, PAUSED, ABORTED)


def _move(state: State, ask: Ask, before: str, after: str) -> Reply:
    """202 without a body; 400 where the job is in another state."""
    job = _asked(state, ask)
    if job["jobStatus"] != before:
        raise Refusal(400, f"Only a {before.lower()} job can become {after.lower()}; this one is {job['jobStatus']}")
    now = state.now()
    if before == RUNNING:
        job["ranSeconds"] += (now - moment("since", job["since"])).total_seconds()
    job |= {"jobStatus": after, "since": iso(now)}
    return Reply(status=202)


def resolve_conflicts(state: State, ask: Ask) -> Reply:
    """202 without a body. With the last conflict settled, the job begins to wait for its turn."""
    job = _asked(state, ask)
    job["conflictInfo"] = left(state, job["conflictInfo"], ask.json)
    job["since"] = iso(state.now())
    return Reply(status=202)


def _asked(state: State, ask: Ask) -> Object:
    return _by_now(shelves.one_of(state, ask, COLLECTION, ask.given["jobId"]), state.now())


def _by_now(job: Object, now: datetime) -> Object:
    """The job brought up to the present. One that came with a seed begins its life when it is first looked at."""
    for name, value in (("since", iso(now)), ("ranSeconds", 0.0), ("conflictInfo", [])):
        job.setdefault(name, value)
    if job["jobStatus"] == PENDING and not job["conflictInfo"]:
        _pass(job, PENDING_S, RUNNING, now)
    if job["jobStatus"] == RUNNING:
        _pass(job, RUNNING_S - job["ranSeconds"], COMPLETED, now)
    return job


def _pass(job: Object, after_s: float, next_status: str, now: datetime) -> None:
    """Into the next state, if its time has come; it is in it since that time, not since somebody looked."""
    due_at = moment("since", job["since"]) + timedelta(seconds=after_s)
    if due_at <= now:
        job |= {"jobStatus": next_status, "since": iso(due_at)}
