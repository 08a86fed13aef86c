"""What became of a request -> the answer that its source wants to hear."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from bridge.sources.source import ReplyKind, ReplyPlan, Source

__all__ = ["Reply", "ReplyKind", "reply"]


@dataclass(frozen=True, kw_only=True)
class Reply:
    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def reply(source: Source | None, kind: ReplyKind, *, received: int = 0, duplicates: int = 0, detail: str = "") -> Reply:
    """By the source's own table, else by the usual one. `detail` is a sentence for the sender's administrator."""
    wanted = source.reply.get(kind, ReplyPlan()) if source else ReplyPlan()
    usual = USUAL[kind]
    status = wanted.status or usual.status
    headers = {**usual.headers, **wanted.headers}
    if wanted.body is not None:
        return Reply(
            status=status,
            content_type=wanted.content_type or "text/plain; charset=utf-8",
            body=wanted.body.encode(),
            headers=headers,
        )
    if status == HTTPStatus.NO_CONTENT:
        return Reply(status=status, content_type="text/plain; charset=utf-8", body=b"", headers=headers)
    if status < 300:
        counts = {"received": received, "duplicates": duplicates}
        return Reply(status=status, content_type="application/json", body=_json(counts), headers=headers)
    problem = {"title": HTTPStatus(status).phrase, "status": status, "detail": detail or usual.detail}
    return Reply(status=status, content_type="application/problem+json", body=_json(problem), headers=headers)


@dataclass(frozen=True, kw_only=True)
class Usual:
    """How a kind is answered where a source says nothing."""

    status: int
    detail: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


# 410 stands nowhere: to many a sender it means that the webhook is to be removed for good.
USUAL: Mapping[ReplyKind, Usual] = {
    ReplyKind.STORED: Usual(status=202),
    ReplyKind.DUPLICATE: Usual(status=202),
    ReplyKind.UNREADABLE: Usual(status=202),
    ReplyKind.FORGED: Usual(status=401, detail="The request does not prove that it comes from this source."),
    ReplyKind.UNKNOWN_SOURCE: Usual(status=404, detail="There is no source of this name here."),
    ReplyKind.WRONG_METHOD: Usual(
        status=405, detail="This source takes webhooks as POST only.", headers={"Allow": "POST"}
    ),
    ReplyKind.TOO_LARGE: Usual(status=413, detail="The body is larger than this source may send."),
    ReplyKind.OVERLOADED: Usual(
        status=429, detail="There is too much to do; send it again later.", headers={"Retry-After": "5"}
    ),
    ReplyKind.FAILED: Usual(
        status=503, detail="It could not be stored; send it again later.", headers={"Retry-After": "5"}
    ),
    ReplyKind.NOT_READY: Usual(
        status=503, detail="This source is not set up yet; send it again later.", headers={"Retry-After": "60"}
    ),
}


def _json(data: object) -> bytes:
    return json.dumps(data).encode()
