"""
Admit machines to this lab, and give them the highstate of their boot, many at once.

.. code-block:: yaml

    engines:
      - lab: {}
"""

from saltext.lab.admit import reception


def start():
    """Serve until the master ends."""
    reception.serve(__opts__)
