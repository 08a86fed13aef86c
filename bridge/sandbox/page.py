"""The human page: what the sandbox holds and what it was asked last."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from bridge.sandbox import dialogs, lists
from bridge.sandbox.journal import shown as entry_object
from bridge.sandbox.messages import Ask, Reply
from bridge.sandbox.operations import OPERATIONS
from bridge.sandbox.state import ContactList, Entry, Record, State

MOST_ROWS = 200
LAST_REQUESTS = 50
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
}
TEMPLATES = Environment(autoescape=True, loader=FileSystemLoader(Path(__file__).parent / "templates"), trim_blocks=True)
TEMPLATES.filters["moment"] = lambda moment: f"{moment:%Y-%m-%d %H:%M:%S}"

STATUS_NAMES = ("building", "built", "inactive", "active", "dialing", "paused")
LIST_TYPE_NAMES = ("static", "dynamic", "FastPath", "active sort")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """The newest rows of something, and how many there are in all."""

    rows: Sequence[Any]
    total: int


def show(state: State, ask: Ask) -> Reply:
    settings = sorted(state.all_settings(), key=lambda setting: setting.modified_at, reverse=True)
    every = [lists.contact_list(found) for found in state.objects["campaign.lists"].values()]
    html = TEMPLATES.get_template("page.html").render(
        settings=Shown(rows=settings[:MOST_ROWS], total=len(settings)),
        lists=[_list(state, one) for one in every if one.takes_records],
        other_lists=[one for one in every if not one.takes_records],
        objects={name: len(held) for name, held in sorted(state.objects.items()) if "/" not in name},
        dialogs=[(dialog, dialogs.running(state, dialog.id) is not None) for dialog in state.dialogs.values()],
        requests=Shown(rows=_last(state.journal), total=len(state.journal)),
        operations=OPERATIONS,
        list_types=LIST_TYPE_NAMES,
        statuses=STATUS_NAMES,
    )
    return Reply(body=html, headers=HEADERS)


def _list(state: State, one: ContactList) -> tuple[ContactList, Shown]:
    records = [record for record in state.records if record.list_id == one.id]
    rows = [_record(record, one) for record in reversed(records[-MOST_ROWS:])]
    return one, Shown(rows=rows, total=len(records))


def _record(record: Record, one: ContactList) -> tuple[Record, dict[str, str]]:
    return record, lists.parsed(record.text, one.layout)


def _last(entries: Sequence[Entry]) -> list[Any]:
    return [entry_object(entry) for _, entry in zip(range(LAST_REQUESTS), reversed(entries), strict=False)]
