"""The suite itself, as this machine has it."""

from saltext.lab.boot import synced


def modules():
    """
    Return the digest of the modules, states and utilities that were synced to this machine, as 16 hexadecimal digits.

    ``lab.plan`` compares it with what the master would sync.

    CLI Example:

    .. code-block:: bash

        salt hv1 lab_suite.modules
    """
    return synced.of_minion(__opts__["extension_modules"])
