"""A source with its preset laid under it -> Source, or every mistake with its line."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from marshmallow import ValidationError, fields, post_load, validates_schema

from bridge.documents import Document, Path
from bridge.errors import Problem
from bridge.sources.checks import Check, Place, Signed, leaves, secrets_of, sent_along
from bridge.sources.presets import preset_names, preset_parts
from bridge.sources.schema.checks import CheckField, offered, proves_sender
from bridge.sources.schema.fetch import FetchSchema
from bridge.sources.schema.handshakes import HandshakeSchema
from bridge.sources.schema.parts import (
    DocsSchema,
    EventSchema,
    ExpectSchema,
    LimitsSchema,
    ReadingSchema,
    RedactSchema,
    ReplyField,
)
from bridge.sources.schema.strict import Choice, ListOf, MapOf, StrictSchema, Text, Texts, instead
from bridge.sources.source import Redaction, Secret, Source

ALWAYS_REDACTED = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key"})
WRITTEN_OUT = ("verify", "read", "event")
"""What a source without a preset must say."""


def read_source(document: Document, at: Path, env: Mapping[str, str]) -> tuple[Source | None, list[Problem]]:
    """The source that stands at `at`, and what is wrong with it; no source where anything is.

    An environment variable that is not set is no mistake of the file: see Source.missing_secrets.
    """
    own = document.data
    for part in at:
        own = own[part]
    known = isinstance(own, dict) and own.get("preset") in preset_names()
    # With a preset that does not exist, nobody can say which parts are missing.
    partial = WRITTEN_OUT if isinstance(own, dict) and "preset" in own and not known else ()
    # A preset may offer several ways to prove the sender; who writes `verify` out means all of it.
    schema = SourceSchema if not known or "verify" in own else OfferedSourceSchema
    try:
        data = schema(partial=partial).load(_over(preset_parts(own["preset"]), own) if known else own)
    except ValidationError as error:
        return None, list(document.problems(error.messages, at))
    return _source(data, env), []


def _over(preset: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Maps are merged, and null takes a preset's member away; lists and single values replace.

    `verify` replaces as a whole, so that how a source is proved can be read in one place.
    """
    merged = _merged(preset, own)
    return merged | {"verify": own["verify"]} if "verify" in own else merged


def _merged(preset: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(preset)
    for name, value in own.items():
        ours = preset.get(name)
        merged[name] = _merged(ours, value) if isinstance(ours, dict) and isinstance(value, dict) else value
    return {name: value for name, value in merged.items() if value is not None or name not in preset}


class SourceName(Text):
    """The end of /webhooks/<name>."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **settings: Any) -> str:
        text = super()._deserialize(value, attr, data, **settings)
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", text):
            raise ValidationError("is no name for a URL; write up to 63 of a-z, 0-9, - and _, such as hubspot-eu")
        return text


class SecretText(Text):
    """A secret's value, or better the name of the environment variable that holds it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **settings: Any) -> str:
        text = super()._deserialize(value, attr, data, **settings)
        if "${" in text and not VARIABLE.fullmatch(text):
            raise ValidationError("write the variable alone and in capital letters, such as ${CLIENT_SECRET}")
        return text


VARIABLE = re.compile(r"\$\{([A-Z_][A-Z0-9_]*)\}")


class SourceSchema(StrictSchema):
    name = SourceName(required=True)
    preset = Choice(preset_names())
    secrets = MapOf(Texts(SecretText()), load_default=dict)
    remember = Texts(load_default=())
    handshake = ListOf(fields.Nested(HandshakeSchema), load_default=list)
    verify = CheckField(required=True)
    read = fields.Nested(ReadingSchema, required=True)
    event = fields.Nested(EventSchema, required=True)
    fetch = fields.Nested(FetchSchema, load_default=None)
    redact = fields.Nested(RedactSchema, load_default=lambda: RedactSchema().load({}))
    reply = ReplyField(load_default=dict)
    limits = fields.Nested(LimitsSchema, load_default=dict)
    expect = fields.Nested(ExpectSchema, load_default=dict)
    docs = fields.Nested(DocsSchema, load_default=dict)

    @validates_schema(skip_on_field_errors=False)
    def prove_the_sender(self, data: dict[str, Any], **_: Any) -> None:
        if "verify" in data and not proves_sender(data["verify"]):
            raise ValidationError(
                {"verify": "anyone could send this; add a check that asks for a secret: hmac or static"}
            )

    @validates_schema(skip_on_field_errors=False)
    def use_each_secret(self, data: dict[str, Any], **_: Any) -> None:
        # What is wrong inside of a fetch leaves it unread, and so the secrets that it names.
        if not {"verify", "secrets"} <= data.keys() or isinstance(data.get("fetch", {}), dict):
            return
        asked = _asked(data["verify"], data)
        given = data["secrets"].keys()
        user = "neither a check nor fetch" if data["fetch"] else "no check"
        mistakes: dict[str, Any] = {
            name: [f"{user} uses this secret{instead(name, asked - given or asked)}"] for name in given - asked
        }
        # Where a name looks misspelt, one message about it is enough.
        if not mistakes:
            needed = _asked(self.check(data), data)
            mistakes = {name: [f'is missing; add it, as in {name}: ["${{{name.upper()}}}"]'] for name in needed - given}
        if mistakes:
            raise ValidationError({"secrets": mistakes})

    @validates_schema(skip_on_field_errors=True)
    def read_what_is_signed(self, data: dict[str, Any], **_: Any) -> None:
        """Who signs a form's fields has not signed a body that is read as something else."""
        signed = [leaf for leaf in leaves(data["verify"]) if isinstance(leaf, Signed)]
        names = [{part.name for part in leaf.message} for leaf in signed]
        if data["read"].format != "form" and any("sorted_form" in each and "body" not in each for each in names):
            raise ValidationError(
                {"read": {"format": ["must be form, since a form's fields are signed; write format: form"]}}
            )

    def check(self, data: Mapping[str, Any]) -> Check:
        """What a request must hold against."""
        check: Check = data["verify"]
        return check

    @post_load
    def settle_the_check(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return data | {"verify": self.check(data), "sent_along": tuple(sent_along(data["verify"]))}


class OfferedSourceSchema(SourceSchema):
    """The preset's check, as far as the mapping gives the secrets for it."""

    def check(self, data: Mapping[str, Any]) -> Check:
        return offered(data["verify"], frozenset(data["secrets"]))


def _asked(check: Check, data: Mapping[str, Any]) -> set[str]:
    """The secrets that verification and fetch name."""
    return {*secrets_of(check), *(data["fetch"].auth.secrets if data["fetch"] else ())}


def _source(data: Mapping[str, Any], env: Mapping[str, str]) -> Source:
    secrets = {name: _secret(values, env) for name, values in data["secrets"].items()}
    only_fetched_with = _asked(data["verify"], data).difference(secrets_of(data["verify"]))
    return Source(
        name=data["name"],
        preset=data.get("preset"),
        secrets={name: secret for name, secret in secrets.items() if name not in only_fetched_with},
        remember=tuple(data["remember"]),
        handshakes=tuple(data["handshake"]),
        verify=data["verify"],
        read=data["read"],
        event=data["event"],
        fetch=data["fetch"],
        fetch_secrets={name: secrets[name] for name in sorted(only_fetched_with)},
        redact=_redaction(data["redact"], data["sent_along"]),
        reply=data["reply"],
        max_body_bytes=data["limits"].get("body_bytes"),
        expect_every=data["expect"].get("every"),
        docs=data["docs"],
    )


def _secret(written: list[str], env: Mapping[str, str]) -> Secret:
    """An empty variable is like none; blanks around a value are left out, as files and forms often add them."""
    values: list[str] = []
    missing: list[str] = []
    for text in written:
        variable = VARIABLE.fullmatch(text)
        if value := (env.get(variable[1], "") if variable else text).strip():
            values.append(value)
        elif variable:
            missing.append(variable[1])
    return Secret(values=tuple(values), missing=tuple(missing))


def _redaction(asked: Mapping[str, Any], sent: Collection[Place]) -> Redaction:
    """What the mapping names, and every place where a secret or a token is sent along."""
    by_kind = {
        kind: [place.name for place in sent if place.kind == kind] for kind in ("header", "query", "json", "form")
    }
    members = [name.rpartition(".")[2] for name in by_kind["json"]]
    return Redaction(
        headers=ALWAYS_REDACTED.union(name.lower() for name in [*asked["headers"], *by_kind["header"]]),
        query=frozenset(name.lower() for name in [*asked["query"], *by_kind["query"]]),
        body=frozenset([*asked["body"], *members, *by_kind["form"]]),
    )
