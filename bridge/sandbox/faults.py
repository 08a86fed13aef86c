"""Faults on order: the next requests of an operation fail, dawdle, or lose their connection."""

from dataclasses import replace

from bridge.sandbox.documents import Document
from bridge.sandbox.messages import Ask, Refusal, Reply
from bridge.sandbox.state import NO_BODY, Fault, State


def take(state: State, operation: str, ask: Ask) -> Fault | None:
    """The first fault meant for this request, used up once; None where all is well."""
    for place, fault in enumerate(state.faults):
        if meets(fault, operation, ask):
            left = replace(fault, times=fault.times - 1)
            state.faults[place : place + 1] = [left] if left.times else []
            return fault
    return None


def meets(fault: Fault, operation: str, ask: Ask) -> bool:
    if fault.operation not in (None, operation):
        return False
    return fault.match is None or fault.match.search(ask.body.decode(errors="replace")) is not None


def instead(fault: Fault, document: Document) -> Reply | None:
    """What is answered in place of the work; None where the work is to be done all the same."""
    if fault.status is None:
        return None
    plain = document.refusal(Refusal(fault.status, "This answer was ordered as a fault"))
    return laid_over(fault, plain if fault.status >= 400 else Reply(status=fault.status))


def laid_over(fault: Fault, reply: Reply) -> Reply:
    """The reply with the fault's headers, and its body where it brings one."""
    body = reply.body if fault.body is NO_BODY else fault.body
    return replace(reply, body=body, headers={**reply.headers, **fault.headers})
