"""Every operation of the contracts -> method, path, document and the function that does the work.

What is special stands in the two tables; the rest is a plain collection, and needs no line here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bridge.sandbox import campaign, cookies, dialogs, lists, provisioning, tokens
from bridge.sandbox.documents import TOKEN_SERVICE, Document, of_operation
from bridge.sandbox.engine import contracts, plain
from bridge.sandbox.engine.check import check_of
from bridge.sandbox.engine.contracts import Contract, Described
from bridge.sandbox.messages import Ask, Reply
from bridge.sandbox.state import State, Work


@dataclass(frozen=True, kw_only=True)
class Operation:
    id: str | None
    """None for what is no operation of the API: control routes, the page, and unknown paths."""
    method: str
    path: str
    document: Document
    work: Work


SPECIAL: dict[str, Work] = {
    "contextCookies.listSettings": cookies.list_settings,
    "contextCookies.deleteSettings": cookies.delete_settings,
    "contextCookies.upsertSettings": cookies.upsert_settings,
    "contextCookies.listCustomers": cookies.list_customers,
    "contextCookies.listServices": cookies.list_services,
    "contextCookies.listChannels": cookies.list_channels,
    "disposableApp.getContext": dialogs.get_context,
    "disposableApp.postOutcome": dialogs.post_outcome,
    "campaign.insertFastPathRecords": lists.insert_fast_path_records,
}
"""They check their requests themselves: they know more of them than the contract says."""

ACTIONS: dict[str, Work] = {**campaign.ACTIONS, **provisioning.ACTIONS}
"""They get what the contract let through."""

TOKEN = Operation(
    id="token",
    method="POST",
    path="/tokenservice/oauth2/access_token",
    document=TOKEN_SERVICE,
    work=tokens.issue_token,
)


def operations_of(served: Sequence[Contract]) -> tuple[Operation, ...]:
    """One store serves every organisation: the orgId of a path may be any."""
    return (TOKEN, *(_operation(each, contract) for contract in served for each in contract.operations))


def _operation(described: Described, contract: Contract) -> Operation:
    return Operation(
        id=described.id,
        method=described.method,
        path=described.path,
        document=of_operation(described, contract),
        work=SPECIAL.get(described.id) or _checked(described),
    )


def _checked(described: Described) -> Work:
    check = check_of(described)
    collection = described.collection
    does = ACTIONS.get(described.id) or plain.work_of(collection.get("does", ""), described.replaces)

    def work(state: State, ask: Ask) -> Reply:
        return does(state, check(ask))

    return work


CONTRACTS = contracts.read()
OPERATIONS = operations_of(CONTRACTS)
OPERATION_IDS = tuple(operation.id or "" for operation in OPERATIONS)
