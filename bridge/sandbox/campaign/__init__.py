"""Campaign's operations that are more than a plain collection, by their ids."""

from bridge.sandbox.campaign import (
    attempts,
    callbacks,
    configuration,
    exclusions,
    filters,
    jobs,
    list_filters,
    scripts,
    statuses,
    strategies,
    time_zones,
)
from bridge.sandbox.state import Work

COLLECTIONS = (
    "campaign.callbacks",
    "campaign.callAttempts",
    "campaign.callingTimes",
    "campaign.strategies/records",
    "campaign.strategies/updates",
)
"""What these keep that no operation lists: a seed may bring it."""

ACTIONS: dict[str, Work] = {
    "campaign.createExclusion": exclusions.create,
    "campaign.replaceExclusion": exclusions.replace,
    "campaign.getExclusionStatus": statuses.read,
    "campaign.reportCallAttempt": attempts.report,
    "campaign.deleteFilter": filters.delete,
    "campaign.updateListFilter": list_filters.update,
    "campaign.getStrategyStatuses": strategies.statuses,
    "campaign.updateStrategyRecords": strategies.update_records,
    "campaign.insertStrategyRecord": strategies.insert_record,
    "campaign.getStrategy": strategies.get,
    "campaign.getTimeZoneV2": time_zones.get_one,
    "campaign.listTimeZonesV3": time_zones.list_all,
    "campaign.startAutomationScript": scripts.start,
    "campaign.stopAutomationScript": scripts.stop,
    "campaign.upsertCallback": callbacks.upsert,
    "campaign.listExportableItems": configuration.list_exportable,
    "campaign.listImportableItems": configuration.list_importable,
    "campaign.exportObjects": jobs.export_objects,
    "campaign.importObjects": jobs.import_objects,
    "campaign.listJobs": jobs.list_jobs,
    "campaign.getJob": jobs.get_job,
    "campaign.pauseJob": jobs.pause,
    "campaign.resumeJob": jobs.resume,
    "campaign.abortJob": jobs.abort,
    "campaign.resolveJobConflicts": jobs.resolve_conflicts,
}
