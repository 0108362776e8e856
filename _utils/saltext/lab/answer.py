"""What runners answer with: exit codes, errors in one line, and the spec that they ask for."""

import functools
import logging
import sys

from saltext.lab.errors import BadWish, LabError
from saltext.lab.spec import source
from saltext.lab.spec.check import checked

DONE, FAILURE, BAD_SPEC = 0, 1, 2


def answers(runner):
    """Make what *runner* returns, or raises, an answer with the exit code that ``salt-run`` shall have."""

    @functools.wraps(runner)
    def answering(*args, **kwargs):
        stated = {key: value for key, value in kwargs.items() if not key.startswith("__")}  # Salt adds __pub_user, …
        try:
            answer = runner(*args, **stated)
        except BadWish as err:
            answer = {"error": str(err), "retcode": BAD_SPEC}
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


def tell(event):
    """Show *event*, a dict, on the terminal of who called the runner, while that goes on."""
    # Salt (3008, client/mixins.py) puts it among the globals of one function of ``lab``: those of *answering*.
    globals()["__jid_event__"].fire_event({**event, "outputter": "lab"}, "progress")
    sys.stdout.flush()


def spec_of(opts):
    """Return the spec that the master with the configuration *opts* has, as a dict."""
    return source.render(opts, opts["lab"]["spec"])


def lab_of(opts):
    """Return its ``Lab``; raises ``BadWish`` with every mistake."""
    return checked(spec_of(opts))
