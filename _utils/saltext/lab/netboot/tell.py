"""Events for the master, handed to the minion that runs on this host."""

import salt.config
import salt.utils.event

from saltext.lab.errors import Unreachable


def sender(config, tag):
    """
    Return a function that hands the event *tag* with its argument to the minion whose configuration is *config*.

    It raises ``Unreachable`` while the minion does not run.
    """
    opts = salt.config.minion_config(config)

    def send(data):
        with salt.utils.event.MinionEvent(opts, listen=False) as bus:
            event = {"data": {**data, "id": opts["id"]}, "tag": tag, "events": None, "pretag": None}
            if not bus.fire_event(event, "fire_master"):
                raise Unreachable("the minion takes no events", f"on {opts['sock_dir']}", "start salt-minion")

    return send
