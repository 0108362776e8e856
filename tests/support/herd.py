"""
Many real minions, forked when Python has loaded what they all need: each has a process and a directory of its own.

A program: ``herd.py HOME…``, where HOME/minion is the configuration of one.  It ends with the last of them.
"""

import os
import signal
import sys
from pathlib import Path

import salt.config
import salt.minion


def main():
    """Fork a minion for each directory, and wait for them all; they end with this."""
    signal.signal(signal.SIGTERM, lambda *_: os.killpg(0, signal.SIGKILL))
    children = [_fork(Path(home)) for home in sys.argv[1:]]
    for child in children:
        os.waitpid(child, 0)


def _fork(home):
    child = os.fork()
    if not child:
        opts = salt.config.minion_config(str(home / "minion"))
        Path(opts["sock_dir"]).mkdir()  # as `salt-minion` does; without it jobs run, and no return leaves the machine
        salt.minion.MinionManager(opts).tune_in()
        os._exit(0)
    return child


if __name__ == "__main__":
    main()
