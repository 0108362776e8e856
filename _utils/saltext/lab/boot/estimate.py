"""How long steps take, from what they took before.  Pure."""

from statistics import median

from saltext.lab.boot.run import CHANGED, SAME
from saltext.lab.boot.timeline import longest

RUNS = 10  #: former runs that count


def estimates(runs, steps):
    """
    Return ``{step: seconds}``: of each of *steps* the median of what it took in the last of *runs*, the oldest first.

    One that was not seen before gets the median of its verb on other machines; where there is none either, it is left
    out.  What failed or was skipped does not count.
    """
    taken: dict[str, list] = {}
    for run in runs[-RUNS:]:
        for step, event in run.ended.items():
            if event["state"] in (CHANGED, SAME):
                for name in (step, step.split()[0]):
                    taken.setdefault(name, []).append(event["took"])
    found = {step: taken.get(step) or taken.get(step.split()[0]) for step in steps}
    return {step: round(median(times), 2) for step, times in found.items() if times}


def remaining(run, estimates, now):
    """Return how many seconds *run* goes on from *now*, by *estimates*; None where nothing is known of a step."""
    left = {step: about for step, about in run.steps.items() if step not in run.ended}
    if not left.keys() <= estimates.keys():
        return None

    def cost(step):
        return max(0.0, estimates[step] - (now - run.begun.get(step, now)))

    return sum(cost(step) for step in longest(left, cost))
