"""What the machines of the lab boot, from the master of the hosts."""

from pathlib import Path

from saltext.lab.answer import answers, lab_of, spec_of
from saltext.lab.boot import reach
from saltext.lab.boot import reinstall as installation
from saltext.lab.boot.fleet import Fleet
from saltext.lab.errors import Unreachable
from saltext.lab.images import bring
from saltext.lab.stick.write import write

__virtualname__ = "lab"


def __virtual__():
    return __virtualname__  # Salt adds the functions of this file to those of lab.py


@answers
def reinstall(node):
    """
    Have *node*, a host or VM with ``boot: install-once``, installed anew when it boots next, exactly once.

    Its disk is erased then.  Refused while the last installation that was asked for is not done.

    CLI Example:

    .. code-block:: bash

        salt-run lab.reinstall hv1
    """
    generation = installation.reinstall(lab_of(__opts__), Fleet(__opts__), node)
    return {"said": f"{node} is installed anew when it boots next: generation {generation}"}


@answers
def overlay_commit(node, paths="/", name=None, limit_mib=bring.LIMIT):
    """
    Make an overlay of what differs on *node* from its image at or below *paths*, and bring it here.

    *paths* is a list, or one text with commas.  It is /srv/images/overlays/NAME.tar.gz then, beside NAME.json, which
    has its sha256; *name* is that of the node unless stated.  Secrets and more than *limit_mib* are refused, and what
    was there stays.  The suite's modules are synced to the node first.

    CLI Example:

    .. code-block:: bash

        salt-run lab.overlay_commit web1 /etc/motd,/srv/www
    """
    call = reach.caller(lab_of(__opts__), Fleet(__opts__), __opts__["lab"]["serves"], node)
    home = __opts__["lab"].get("overlays", bring.HOME)
    made = bring.bring(call, node, paths, name or node, home, limit_mib)
    return {"overlay": made, "said": f"{home}/{name or node}.tar.gz: {len(made['take'])} files, {made['size']} bytes"}


@answers
def stick(file, images="/srv/images"):
    """
    Write the first seed of this lab, a stick that starts it where nothing is yet, to the new *file*.

    *images* is the directory that has the images ``stick`` and those that machines boot, each by its name.
    A file or a device that is there is not written to.

    CLI Example:

    .. code-block:: bash

        salt-run lab.stick /root/stick.img
    """
    tree, sls = Path(__opts__["file_roots"]["base"][0]).parent, __opts__["lab"]["spec"]
    size = write(file, spec_of(__opts__), sls, tree, lambda name: _image(Path(images), name))
    return {"said": f"{file}: {size >> 20} MiB"}


def _image(images, name):
    if not (images / name).is_dir():
        raise Unreachable(
            f"image {name} is not there", f"no {images / name}", f"copy there what python -m images build {name} makes"
        )
    return images / name
