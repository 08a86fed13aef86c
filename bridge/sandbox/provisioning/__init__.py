"""Provisioning's operations that are more than a plain collection."""

from bridge.sandbox.provisioning import people, rules, system_externals, templates, work_types
from bridge.sandbox.state import Work

ACTIONS: dict[str, Work] = {
    "provisioning.listTeamMembers": people.list_team_part,
    "provisioning.listTeamOwners": people.list_team_part,
    "provisioning.listTeamUsers": people.list_team_users,
    "provisioning.listOnlineAgents": people.list_online_agents,
    "provisioning.replaceUserSkills": people.replace_user_skills,
    "provisioning.listWorkTypes": work_types.list_work_types,
    "provisioning.getOutreachSmsWorkType": work_types.get_outreach_sms,
    "provisioning.getOutreachEmailWorkType": work_types.get_outreach_email,
    "provisioning.listUserCallbackWorkTypes": work_types.list_callback_work_types,
    "provisioning.listUserDestinationWorkTypes": work_types.list_destinations,
    "provisioning.replaceUserHiddenWorkTypes": work_types.replace_hidden,
    "provisioning.replaceWorkTypeWorkHandlers": work_types.replace_handlers,
    "provisioning.listWorkTypeDispositions": work_types.list_dispositions,
    "provisioning.replaceWorkTypeWorkHandlerRules": rules.replace_of_work_type,
    "provisioning.createSystemExternal": system_externals.create,
    "provisioning.replaceSystemExternal": system_externals.replace,
    "provisioning.updateSystemExternal": system_externals.update,
    "provisioning.deleteSystemExternal": system_externals.delete,
    "provisioning.addWorkTypeEmailTemplate": templates.add_to_work_type,
    "provisioning.removeWorkTypeEmailTemplate": templates.remove_from_work_type,
    "provisioning.createEmailTemplate": templates.create,
    "provisioning.updateEmailTemplate": templates.update,
    "provisioning.deleteSignature": templates.delete_signature,
}
