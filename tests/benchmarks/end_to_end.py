"""Events a second from the first POST to the last setting accepted, and whose time it takes."""

from argparse import Namespace

import posting
from figures import ROLES
from processes import SETTINGS_OF_AN_EVENT
from towns import Town


def measure(town: Town, asked: Namespace) -> dict[str, list[float]]:
    """One round."""
    town.start_worker()
    town.warm_up()
    town.begin()
    before = town.cpu_s()
    webhooks = max(1, asked.events // posting.EVENTS_IN_A_BATCH)
    events = webhooks * posting.EVENTS_IN_A_BATCH
    sent = town.post("changes", webhooks)
    counted = town.wait_for_settings(events * SETTINGS_OF_AN_EVENT, asked.patience_s, "end to end")
    town.wait_until_at_rest(asked.patience_s)
    if counted["settings"] > events * SETTINGS_OF_AN_EVENT:
        town.give_up(f"{counted['settings']:,} settings of {events:,} events: some were sent twice")
    used = {name: total_s - before[name] for name, total_s in town.cpu_s().items()} | {"load": sent["own_cpu_s"]}
    return {
        "per_s": [events / (counted["last_at"] - sent["began_at"])],
        "accepted_per_s": [events / (sent["ended_at"] - sent["began_at"])],
        "settings_in_a_request": [counted["settings"] / counted["requests"]],
        **{f"{name}_cpu_ms": [used[name] / events * 1000] for name in ROLES if name in used},
    }
