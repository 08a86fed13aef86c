"""Automation scripts, started and stopped: Campaign API v2, AutomationScripts.

200 and 202 are both documented, and when which comes is not said. Here 202 is a change that begins now, and 200 says
that the script was in that state already. Neither has a body; a script runs until it is stopped.
"""

from bridge.sandbox.engine import shelves
from bridge.sandbox.engine.shelves import Object
from bridge.sandbox.members import iso
from bridge.sandbox.messages import Ask, Reply
from bridge.sandbox.state import State

OK = 0


def start(state: State, ask: Ask) -> Reply:
    script = _asked(state, ask)
    if script.get("runningState"):
        return Reply()
    now = iso(state.now())
    script |= {"runningState": True, "lastExecutedTime": now, "status": OK, "statusMessage": "The script is running"}
    return Reply(status=202)


def stop(state: State, ask: Ask) -> Reply:
    script = _asked(state, ask)
    if not script.get("runningState"):
        return Reply()
    script |= {"runningState": False, "statusMessage": "The script was stopped"}
    return Reply(status=202)


def _asked(state: State, ask: Ask) -> Object:
    return shelves.one_of(state, ask, "automationScripts", str(ask.given["automationScriptId"]))
