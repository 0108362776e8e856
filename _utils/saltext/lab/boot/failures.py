"""What failed in a run: what was tried, why it failed, what to do, and what waits because of it.  Pure."""

from saltext.lab.boot.run import FAILED, SKIPPED

TRIED = {
    "power": "switch its power on",
    "minion": "have its minion let in and answering",
    "converge": "apply its states",
    "forget": "revoke the keys of machines that the spec has no more",
    "enrol": "give its VMs keys, and enrol them with the virtual master",
    "start": "start it",
    "highstate": "have it admitted and highstated",
    "prove": "send packets between all hosts in each network",
}


def failures(run):
    """
    Return a dict for each step of *run* that failed: ``step``, ``machine``, ``tried``, ``what``, ``why``, ``fix``.

    And ``waits``, the steps that were skipped because of it, in the order of the graph.
    """
    return [_failure(run, event) for event in run.ended.values() if event["state"] == FAILED]


def _failure(run, event):
    verb, error = event["step"].split()[0], event["error"] or {}
    told = {"step": event["step"], "machine": event["machine"], "tried": TRIED.get(verb, verb)}
    return told | {key: error.get(key, "") for key in ("what", "why", "fix")} | {"waits": _waits(run, event["step"])}


def _waits(run, cause):
    lost = {cause}
    for step, about in run.steps.items():  # each stands after those that it needs
        if lost & set(about["needs"]):
            lost.add(step)
    skipped = {step for step, event in run.ended.items() if event["state"] == SKIPPED}
    return [step for step in run.steps if step in lost & skipped]
