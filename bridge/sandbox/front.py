"""Ask -> Sent: find the operation, admit the request, do the work under the fault ordered for it, write the journal."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bridge.sandbox import faults, journal, rates, tokens
from bridge.sandbox.control import CONTROLS
from bridge.sandbox.documents import CONTROL, Document, strangers
from bridge.sandbox.engine import contracts
from bridge.sandbox.engine.contracts import Contract
from bridge.sandbox.messages import Ask, Refusal, Reply, Sent
from bridge.sandbox.operations import CONTRACTS, OPERATIONS, Operation, operations_of
from bridge.sandbox.render import media_type, render
from bridge.sandbox.routes import Routes, params
from bridge.sandbox.state import State, Work


class Front:
    """Serves the operations of some contracts."""

    def __init__(self, served: Sequence[Contract], operations: Sequence[Operation]) -> None:
        self._routes = Routes((*operations, *CONTROLS))
        self._strangers = strangers(served)

    def answer(self, state: State, ask: Ask) -> Sent | None:
        """The answer to a request, or None where the connection is to be closed without one."""
        operation, ask = self.find(ask)
        if operation.document is CONTROL:
            return render(do(state, operation, ask))
        arrived = state.now()
        reply = admit_and_do(state, operation, ask)
        with state.lock:
            journal.note(state, operation, ask, arrived, reply.status if reply else None)
        return render(reply, media_type(operation.document, ask.headers.get("accept"))) if reply else None

    def find(self, ask: Ask) -> tuple[Operation, Ask]:
        """The operation with the ask's path parameters filled in; for an unknown one, something that refuses."""
        here = self._routes.at(ask.path)
        operation = here.get("GET" if ask.method == "HEAD" else ask.method)
        if operation:
            return operation, replace(ask, params=params(operation, ask.path))
        if not here:
            refusal = Refusal(404, "There is nothing at this path")
            return _unknown(ask, self._strangers.document(ask.path), refusal), ask
        refusal = Refusal(405, f"{ask.method} is not possible here", headers={"Allow": ", ".join(sorted(here))})
        return _unknown(ask, next(iter(here.values())).document, refusal), ask


def front(folder: Path) -> Front:
    """For contracts of one's own."""
    served = contracts.read(folder)
    return Front(served, operations_of(served))


answer = Front(CONTRACTS, OPERATIONS).answer


def _unknown(ask: Ask, document: Document, refusal: Refusal) -> Operation:
    return Operation(id=None, method=ask.method, path=ask.path, document=document, work=_always_refuse(refusal))


def _always_refuse(refusal: Refusal) -> Work:
    def work(state: State, ask: Ask) -> Reply:
        raise refusal

    return work


def admit_and_do(state: State, operation: Operation, ask: Ask) -> Reply | None:
    document = operation.document
    if document.category is None:
        return perform(state, operation, ask)
    with state.lock:
        count = rates.count(state, document.category, ask.headers.get("x-api-key", ""))
    try:
        rates.refuse_too_many(count)
        admit(state, operation, ask)
        reply = perform(state, operation, ask)
    except Refusal as refusal:
        reply = document.refusal(refusal)
    # A fault's own headers win: it may pretend another limit.
    return replace(reply, headers={**count.headers, **reply.headers}) if reply else None


def admit(state: State, operation: Operation, ask: Ask) -> None:
    with state.lock:
        tokens.demand_credentials(state, ask, operation.document)
    if media_type(operation.document, ask.headers.get("accept")) is None:
        known = ", ".join(operation.document.media_types)
        raise Refusal(406, f"The answer can be had as one of: {known}")


def perform(state: State, operation: Operation, ask: Ask) -> Reply | None:
    """Do the work, or what the fault ordered for it says. The client may go away meanwhile: that stops nothing."""
    with state.lock:
        fault = faults.take(state, operation.id, ask) if operation.id else None
    if fault is None:
        return do(state, operation, ask)
    if fault.delay_s:
        state.pause(fault.delay_s)
    if fault.drop == "before":
        return None
    instead = faults.instead(fault, operation.document) if fault.drop is None else None
    if instead:
        return instead
    reply = do(state, operation, ask)
    return None if fault.drop == "after" else faults.laid_over(fault, reply)


def do(state: State, operation: Operation, ask: Ask) -> Reply:
    try:
        with state.lock:
            if ask.method != "GET":
                state.changes += 1
            return operation.work(state, ask)
    except Refusal as refusal:
        return operation.document.refusal(refusal)
