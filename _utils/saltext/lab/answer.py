"""What runners answer with: exit codes, errors in one line, and the spec that they ask for."""

import functools
import logging

from saltext.lab.errors import BadWish, LabError, Locked
from saltext.lab.spec import kept, source
from saltext.lab.spec.check import checked, drafted

DONE, FAILURE, BAD_SPEC, LOCKED = 0, 1, 2, 3


def answers(runner):
    """Make what *runner* returns, or raises, an answer with the exit code that ``salt-run`` shall have."""

    @functools.wraps(runner)
    def answering(*args, **kwargs):
        # Salt 3008.3 puts the event bus of a run into the module of what it takes for the runner: into this one.
        runner.__globals__["__jid_event__"] = globals().get("__jid_event__")
        stated = {key: value for key, value in kwargs.items() if not key.startswith("__")}  # Salt adds __pub_user, …
        try:
            answer = runner(*args, **stated)
        except BadWish as err:
            answer = {"error": str(err), "retcode": BAD_SPEC} | _mistakes(err)
        except Locked as err:
            answer = {"error": str(err), "owner": err.owner, "retcode": LOCKED}
        except LabError as err:
            answer = {"error": str(err), "retcode": FAILURE}
        except TypeError as err:  # Salt itself would print a usage text and exit 0
            answer = {"error": f"{runner.__name__} was called wrongly, or has a fault: {err}", "retcode": BAD_SPEC}
        retcode = answer.setdefault("retcode", DONE)
        context = runner.__globals__["__context__"]  # Salt's loader puts it into the module of the runner
        context["retcode"] = retcode  # what orchestrate looks at; salt-run looks at the answer's
        # With an exit code Salt 3008.3 leaves its clients to the interpreter's end, which then complains about them.
        if logging.lastResort:
            logging.lastResort.setLevel(logging.ERROR)
        return {"outputter": "lab"} | answer

    del answering.__wrapped__  # by the arguments of *runner*, Salt would refuse an unknown one itself, and exit 0
    return answering


def _mistakes(error):
    return {"mistakes": [mistake.shown() for mistake in error.mistakes]} if error.mistakes else {}


def spec_of(opts):
    """Return the spec that the master with the configuration *opts* has, as a dict."""
    return source.render(opts, opts["lab"]["spec"])


def lab_of(opts, standing=None):
    """Return its ``Settled`` lab, by *standing* or how it stands; raises ``BadWish`` with every mistake."""
    return checked(spec_of(opts), standing or kept.read(opts))


def fresh(opts, lab, **chosen):
    """Return *lab*, or anew how it is by now where another run has changed how it stands since; *chosen* stays."""
    now = kept.read(opts)._replace(**chosen)
    return lab if now == lab.standing else lab_of(opts, now)


def whole_of(opts):
    """Return ``lab_of`` once what it would be in each of its profiles has no mistake either."""
    spec, standing = spec_of(opts), kept.read(opts)
    lab = checked(spec, standing)
    for name in lab.profiles:
        try:
            checked(spec, standing._replace(profile=name))
        except BadWish as err:
            error = BadWish(f"{err.what}, in profile {name}", err.why, err.fix)
            error.mistakes = err.mistakes
            raise error from err
    return lab


def drafted_of(opts):
    """Return the same without regard to mistakes of placement and of profiles, for who looks into these."""
    return drafted(spec_of(opts), kept.read(opts))[0]
