"""Operation id -> method, path, document and the function that does the work. More operations are more lines."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from bridge.sandbox import cookies, dialogs, lists, tokens
from bridge.sandbox.documents import CAMPAIGN, CONTEXT_COOKIES, DISPOSABLE_APP, TOKEN_SERVICE, Document
from bridge.sandbox.messages import Ask, Reply
from bridge.sandbox.state import State

Work: TypeAlias = Callable[[State, Ask], Reply]


@dataclass(frozen=True, kw_only=True)
class Operation:
    id: str | None
    """None for what is no operation of the API: control routes, the page, and unknown paths."""
    method: str
    path: str
    document: Document
    work: Work


def _operations(base: str, document: Document, *rows: tuple[str, str, str, Work]) -> list[Operation]:
    return [
        Operation(id=id_, method=method, path=base + path, document=document, work=work)
        for id_, method, path, work in rows
    ]


COOKIES = "/via/v2/organizations/{orgId}/customerexperience/contextCookies"
APPS = "/via/v2/organizations/{orgId}/customerexperience/disposableApp"
LISTS = "/via/v2/organizations/{orgId}/campaign/lists"

OPERATIONS = (
    *_operations("", TOKEN_SERVICE, ("token", "POST", "/tokenservice/oauth2/access_token", tokens.issue_token)),
    *_operations(
        COOKIES,
        CONTEXT_COOKIES,
        ("contextCookies.listSettings", "GET", "/settings", cookies.list_settings),
        ("contextCookies.deleteSettings", "DELETE", "/settings", cookies.delete_settings),
        ("contextCookies.upsertSettings", "POST", "/settings", cookies.upsert_settings),
        ("contextCookies.listCustomers", "GET", "/customers", cookies.list_customers),
        ("contextCookies.listServices", "GET", "/services", cookies.list_services),
        ("contextCookies.listChannels", "GET", "/channels", cookies.list_channels),
    ),
    *_operations(
        APPS,
        DISPOSABLE_APP,
        ("disposableApp.getContext", "GET", "/context", dialogs.get_context),
        ("disposableApp.postOutcome", "POST", "/outcome", dialogs.post_outcome),
    ),
    *_operations(
        LISTS,
        CAMPAIGN,
        ("campaign.insertFastPathRecords", "POST", "/{listId}/fastPathRecords", lists.insert_fast_path_records),
        ("campaign.getList", "GET", "/{listId}", lists.get_list),
        ("campaign.listLists", "GET", "", lists.list_lists),
    ),
)
"""One store serves every organisation: the orgId of a path may be any."""

OPERATION_IDS = tuple(operation.id or "" for operation in OPERATIONS)
