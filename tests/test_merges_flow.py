"""Two records of one person, their changes and their merge: in any order of arrival one record is left, the newest."""

from itertools import permutations
from pathlib import Path

import pytest

from bridge.alvaria.limits import Limits
from bridge.db import Database
from bridge.mappings.catalogue import Catalogue, load
from bridge.model import Event
from bridge.outbox.store import records
from tests.test_records_flow import MAPPING, arrive, asked, contact, left_by


@pytest.fixture
def mine(tmp_path: Path) -> Catalogue:
    folder = tmp_path / "mappings"
    folder.mkdir()
    (folder / "crm.yaml").write_text(MAPPING.replace("CHANGE", ""), "utf-8")
    return load(folder, env={}, limits=Limits())


def steps(one: str, other: str) -> tuple[Event, ...]:
    return (
        # No two people share a number: what is written for a customer counts, whoever wrote it.
        contact(1, record_id=one, phone=f"1{one}", tier="gold"),
        contact(2, record_id=other, phone=f"2{one}"),
        contact(5, record_id=other, tier="silver"),  # said of a record that has ended, and perhaps heard before that
        contact(4, record_id=one, type="merged", merged=(other,)),
    )


def test_a_merge_ends_the_same_whenever_it_arrives(database: Database, mine: Catalogue) -> None:
    orders = {f"{number}": order for number, order in enumerate(permutations(range(4)))}
    arrive(database, mine, *(steps(f"a{name}", f"b{name}")[step] for name, order in orders.items() for step in order))
    for name, order in orders.items():
        one, other = f"a{name}", f"b{name}"
        cookies = left_by(database, [*asked(database, one), *asked(database, other)])
        assert cookies == {(f"2{one}", "crm.tier"): "silver", (one, "crm.tier"): "silver"}, order
        with database.reading() as conn:
            left = records.find(conn, "crm", one)
            assert left
            assert (left.customers, left.fields["tier"][0]) == ((f"2{one}", one), "silver"), order
            assert records.remaining(conn, "crm", other) == one
