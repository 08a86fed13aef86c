"""What a replay of dead deliveries would make; nothing is stored."""

from collections.abc import Sequence
from dataclasses import dataclass

from bridge.inbox import store as inbox
from bridge.model import Outcome
from bridge.outbox.fill import Round, try_rule
from bridge.outbox.store import again


@dataclass(frozen=True, kw_only=True)
class Trial:
    event_id: int
    source: str
    rule: str
    outcome: Outcome | None
    """None where no rule of this name is at work."""


def trial(this_round: Round, delivery_ids: Sequence[int], *, even_made: bool) -> list[Trial]:
    """Of each (event, rule) that these dead deliveries came from."""
    made = []
    for event_id, source, rule in again.sources_of(this_round.conn, delivery_ids):
        outcome = _outcome(this_round, event_id, rule, even_made=even_made)
        made.append(Trial(event_id=event_id, source=source, rule=rule, outcome=outcome))
    return made


def _outcome(this_round: Round, event_id: int, rule: str, *, even_made: bool) -> Outcome | None:
    event = inbox.find(this_round.conn, event_id)
    if not event or event.source not in this_round.catalogue.mappings:
        return None
    number = again.next_translation(this_round.conn, event_id)
    return next(iter(try_rule(this_round, event, number, {rule: even_made})), None)
