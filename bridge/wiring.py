"""Builds database, client and catalogue once, for web, worker and commands."""

from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property

from bridge import clock, log
from bridge.alvaria.client import Client
from bridge.alvaria.lookup import Lookups
from bridge.alvaria.operations import Operation
from bridge.db import Database
from bridge.errors import BadSettings, DatabaseAway
from bridge.mappings import catalogue
from bridge.mappings.catalogue import Catalogue
from bridge.settings import Alvaria, Settings
from bridge.versions.follow import Published


@dataclass(frozen=True, kw_only=True)
class Bridge:
    """The parts, put together."""

    settings: Settings
    database: Database
    catalogue: Catalogue
    """What the files held when this was built; what is at work is `published`."""
    client: Client
    lookups: Lookups

    @cached_property
    def published(self) -> Published:
        """What is at work in this process."""
        return Published(self.database, self.catalogue, env=self.settings.environ, limits=self.settings.limits)

    def publish_files(self) -> None:
        """Let the folder be read, and what has changed in it be published: at once, or when the database is there."""
        self.published.publish(lambda: load_catalogue(self.settings))
        with suppress(DatabaseAway):
            self.published.follow()

    def close(self) -> None:
        self.client.close()
        self.database.close()


def build(settings: Settings) -> Bridge:
    """Everything that a process needs; nothing is asked over the network yet."""
    if not settings.alvaria:
        raise BadSettings(("ALVARIA_ORG_ID: not set",))
    if settings.starts_at:
        clock.start_at(settings.starts_at)
    client = client_of(settings.alvaria)
    return Bridge(
        settings=settings,
        database=Database(settings.database_url),
        catalogue=load_catalogue(settings),
        client=client,
        lookups=Lookups(client),
    )


def client_of(alvaria: Alvaria) -> Client:
    return Client(
        base_url=alvaria.base_url,
        token_url=alvaria.token_url,
        org_id=alvaria.org_id,
        client_id=alvaria.client_id,
        client_secret=alvaria.client_secret,
        api_key=alvaria.api_key,
        scopes=alvaria.scopes,
        connect_timeout_s=alvaria.connect_timeout_s,
        read_timeout_s=alvaria.read_timeout_s,
        on_deprecated=warn_of,
    )


@cache
def warn_of(deprecated: Operation) -> None:
    """Once in a process, not with each request."""
    log.warning("operation.deprecated", operation=deprecated.id, instead=deprecated.replaced_by)


def load_catalogue(settings: Settings) -> Catalogue:
    return catalogue.load(settings.mappings, env=settings.environ, limits=settings.limits)
