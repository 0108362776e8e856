"""
Give each minion its slice of the lab, compiled from the one spec.

.. code-block:: yaml

    lab: {spec: demo, serves: [physical]}   # the pillar SLS with the spec; whose slices this master gives out;
                                            # images: where its images are, if not below /srv/images
    ext_pillar:
      - lab: {}
"""

import logging

from saltext.lab import served
from saltext.lab.admit import strict
from saltext.lab.errors import BadWish

log = logging.getLogger(__name__)


def ext_pillar(minion_id, pillar):
    """
    Return ``{"lab": slice}`` of *minion_id*, or nothing for an id that is not in the spec.

    Raises ``BadWish`` for a spec with mistakes; which ones stays on the master: they may quote another's data.
    """
    config = __opts__["lab"]
    try:
        part = served.of(__opts__, minion_id)
    except BadWish as err:
        log.error("no slices: %s", err)
        raise BadWish("the lab's spec cannot be used", "", "on the master: salt-run lab.check") from None
    if part and "master" in part:
        part["master"]["spec"] = config["spec"]
    if part and part["minion"]["of"] == "physical" and (finger := strict.finger(__opts__["pki_dir"])):
        part["minion"]["master_finger"] = finger  # a VM has the key itself, from its hypervisor
    return {"lab": part} if part else {}
