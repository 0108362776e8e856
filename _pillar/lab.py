"""
Give each minion its slice of the lab, compiled from the one spec.

.. code-block:: yaml

    lab: {spec: demo, serves: [physical]}   # the pillar SLS with the spec; whose slices this master gives out
    ext_pillar:
      - lab: {}
"""

from saltext.lab.spec import slices, source


def ext_pillar(minion_id, pillar):
    """Return ``{"lab": slice}`` of *minion_id*, or nothing for an id that is not in the spec."""
    config = __opts__["lab"]
    part = slices.of(source.render(__opts__, config["spec"]), minion_id, config["serves"])
    if part and "master" in part:
        part["master"]["spec"] = config["spec"]
    return {"lab": part} if part else {}
