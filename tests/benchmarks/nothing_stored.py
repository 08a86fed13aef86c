"""The same web process, but it stores nothing: what keeping costs is measured against it."""

from flask import Flask

from bridge import log, settings, wiring
from bridge.inbox.commit import Committer
from bridge.inbox.store import Kept
from bridge.model import Event, Webhook
from bridge.web import create_app


class Forgetful(Committer):
    """Says that it has kept what it has not."""

    def keep(self, webhook: Webhook, events: tuple[Event, ...]) -> Kept:
        return Kept(received=len(events), duplicates=0)


def app() -> Flask:
    read = settings.load()
    log.set_up("web", sandbox=read.sandbox)
    bridge = wiring.build(read)
    bridge.publish_files()
    return create_app(bridge, Forgetful(bridge.database, read.room))
