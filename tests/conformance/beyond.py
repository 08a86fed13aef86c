"""The documented answers that no request brings about, by the reason why."""

SERVERS_OWN = "a failure of the server's own; the sandbox shows it where it is ordered as a fault"


def answers(status: int, api: str, *names: str) -> list[tuple[str, int]]:
    return [(f"{api}.{name}", status) for name in names]


BEYOND: dict[str, list[tuple[str, int]]] = {
    "all that can be sent is free text, or nothing at all: no value is wrong": [
        *answers(400, "contextCookies", "listChannels"),
        *answers(
            400,
            "campaign",
            "getTimeZoneV2",
            "listTimeZonesV3",
            "getFilter",
            "deleteFilter",
            "listJobs",
            "getJob",
        ),
        *answers(
            400,
            "provisioning",
            "getUser",
            "listTeamsManagedByUser",
            "getUserWorkHandlerRules",
            "listOnlineAgents",
            "listUserHiddenWorkTypes",
            "getSystemExternal",
            "deleteSystemExternal",
            "getOutreachSmsWorkType",
            "getOutreachEmailWorkType",
            "getWorkType",
            "listWorkTypeWorkHandlers",
            "getWorkTypeWorkHandlerRules",
            "listWorkTypeAudioMessages",
            "listWorkTypeEmailTemplates",
            "addWorkTypeEmailTemplate",
            "removeWorkTypeEmailTemplate",
            "listDispositionRoutingPlanRules",
            "listWorkTypeGroups",
            "listWorkTypesOfGroup",
            "getEmailTemplate",
            "deleteEmailTemplate",
            "listSignatures",
            "getSignature",
            "deleteSignature",
            "listSkills",
        ),
    ],
    "nothing that is named could be missing but the organisation, and the sandbox serves any": answers(
        404,
        "provisioning",
        "listUsers",
        "listSystemExternals",
        "listWorkTypes",
        "listDispositionRoutingPlans",
        "listWorkTypeGroups",
        "listEmailTemplates",
        "listSignatures",
        "createSignature",
        "listWorkHandlerStatusReasons",
    ),
    "the document does not say what would clash, and the request carries no version; in the sandbox nothing does": [
        *answers(409, "campaign", "updateStrategyRecords"),
        *answers(409, "provisioning", "removeWorkTypeEmailTemplate"),
    ],
}
