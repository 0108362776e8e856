"""Keep libvirt domains, pools, volumes, images, networks and secrets as wished."""

from functools import partial

from saltext.lab.outcome import Things, converge
from saltext.lab.virt import network_xml, pool_xml, rules, secret, seen, volume_xml
from saltext.lab.virt.model import Domains
from saltext.lab.virt.network_model import Networks
from saltext.lab.virt.pool_model import Pools
from saltext.lab.virt.secret_model import Secrets
from saltext.lab.virt.volume_model import Images, Volumes


def domains(name, **wish):
    """
    Make sure the domains in *wish* are as stated; leave other domains, and what is not stated, alone.

    *name* is where the wish stands in the pillar; messages start from it.  What can be stated for each are the
    fields of :class:`~saltext.lab.virt.model.Domain`; null removes a domain that this suite made.

    .. code-block:: yaml

        lab:virt:domains:
          lab_virt.domains:
            - vm1: {memory_mib: 2048, vcpus: 2, running: true}
            - vm2: null
    """
    return _converge(name, wish)


def domain_present(name, **wish):
    """
    Make sure domain *name* exists and is as stated; leave what is not stated alone.

    .. code-block:: yaml

        vm1:
          lab_virt.domain_present:
            - memory_mib: 2048
            - running: true
    """
    return _converge("lab_virt.domain_present", {name: wish}) | {"name": name}


def domain_absent(name):
    """Make sure there is no domain *name*; only one that this suite made, or took over, is removed."""
    return _converge("lab_virt.domain_absent", {name: None}) | {"name": name}


def pools(name, **wish):
    """
    Make sure the storage pools in *wish* are as stated; leave others, and what is not stated, alone.

    *name* is where the wish stands in the pillar; messages start from it.  What can be stated for each are the
    fields of :class:`~saltext.lab.virt.pool_model.Pool`; null stops and forgets a pool of ours, and leaves its data.
    A pool that runs is stopped and started for a change of where it is; if that fails it runs again as before.

    .. code-block:: yaml

        lab:virt:pools:
          lab_virt.pools:
            - vms: {type: dir, path: /srv/vms, autostart: true, running: true}
            - ram: {path: /srv/ram, running: true}
            - ceph:
                type: rbd
                source: {name: vms, hosts: [10.20.0.11], auth: {user: libvirt, secret: client.libvirt}}
            - require: [{mount: /srv/ram}]
        /srv/ram:
          mount.mounted: [{device: tmpfs}, {fstype: tmpfs}, {opts: "size=4G,mode=711"}, {mkmnt: true}]
    """
    return _pools(name, wish)


def pool_present(name, **wish):
    """Make sure storage pool *name* exists and is as stated; leave what is not stated alone."""
    return _pools("lab_virt.pool_present", {name: wish}) | {"name": name}


def pool_absent(name):
    """Make sure there is no storage pool *name*; only one of ours is forgotten, and its data stays."""
    return _pools("lab_virt.pool_absent", {name: None}) | {"name": name}


def volumes(name, **wish):
    """
    Make sure the volumes in *wish* are as stated; leave others, and what is not stated, alone.

    *name* is where the wish stands in the pillar; messages start from it.  What can be stated for each are the
    fields of :class:`~saltext.lab.virt.volume_model.Volume`; null removes a volume of ours with its data, unless it is
    used.  A volume grows, also under a guest that runs; it never shrinks.

    .. code-block:: yaml

        lab:virt:volumes:
          lab_virt.volumes:
            - vms:
                root: {size_mib: 8192, format: qcow2, backing: {volume: deb12}}
                old: null
    """
    return _volumes(name, volume_xml.flat(wish))


def volume_present(name, **wish):
    """Make sure volume *name*, ``pool:volume``, exists and is as stated; leave what is not stated alone."""
    return _volumes("lab_virt.volume_present", {name: wish}) | {"name": name}


def volume_absent(name):
    """Make sure there is no volume *name*, ``pool:volume``; one of ours that nobody uses is removed with its data."""
    return _volumes("lab_virt.volume_absent", {name: None}) | {"name": name}


def images(name, **wish):
    """
    Make sure the images in *wish* are as stated; leave others, and what is not stated, alone.

    *name* is where the wish stands in the pillar; messages start from it.  What can be stated for each are the
    fields of :class:`~saltext.lab.virt.volume_model.Image`; null removes an image that no volume is based on.
    Nothing is used before its SHA-256 was seen to be right; an image of another hash gets another name.

    .. code-block:: yaml

        lab:virt:images:
          lab_virt.images:
            - vms:
                deb12: {source: "https://images.example/deb12.qcow2", sha256: 6e1c…, format: qcow2}
    """
    return _images(name, volume_xml.flat(wish))


def image_present(name, **wish):
    """Make sure image *name*, ``pool:volume``, exists and is as stated."""
    return _images("lab_virt.image_present", {name: wish}) | {"name": name}


def image_absent(name):
    """Make sure there is no image *name*, ``pool:volume``; one of ours that no volume is based on is removed."""
    return _images("lab_virt.image_absent", {name: None}) | {"name": name}


def networks(name, **wish):
    """
    Make sure the networks of libvirt in *wish* are as stated; leave others, and what is not stated, alone.

    *name* is where the wish stands in the pillar; messages start from it.  What can be stated for each are the
    fields of :class:`~saltext.lab.virt.network_model.Network`; null removes a network of ours.
    Port groups and DHCP ranges change at once, all else at the network's next start; the comment says what waits.

    .. code-block:: yaml

        lab:virt:networks:
          lab_virt.networks:
            - lab:
                forward: bridge
                bridge: br-int
                virtualport: openvswitch
                portgroups: {lan: {tag: 10, default: true}, trunk: {trunk: [10, 20]}}
                running: true
    """
    return _networks(name, wish)


def network_present(name, **wish):
    """Make sure network *name* exists and is as stated; leave what is not stated alone."""
    return _networks("lab_virt.network_present", {name: wish}) | {"name": name}


def network_absent(name):
    """Make sure there is no network *name*; only one that this suite made, or took over, is removed."""
    return _networks("lab_virt.network_absent", {name: None}) | {"name": name}


def secrets(name, **wish):
    """
    Make sure the secrets of libvirt in *wish* are as stated; leave others, and what is not stated, alone.

    *name* is where the wish stands in the pillar; messages start from it.  What can be stated for each are the
    fields of :class:`~saltext.lab.virt.secret_model.Secret`; null removes a secret of ours.
    Values are read on the minion, from a file or its pillar, and told nowhere.

    .. code-block:: yaml

        lab:virt:secrets:
          lab_virt.secrets:
            - client.libvirt: {usage: ceph, cluster: attic, value_file: /etc/ceph/libvirt.key}
    """
    return _secrets(name, wish)


def secret_present(name, **wish):
    """Make sure secret *name* exists and is as stated; leave what is not stated alone."""
    return _secrets("lab_virt.secret_present", {name: wish}) | {"name": name}


def secret_absent(name):
    """Make sure there is no secret *name*; only one that this suite made, or took over, is removed."""
    return _secrets("lab_virt.secret_absent", {name: None}) | {"name": name}


def _pools(at, wish):
    return _keep(at, wish, Pools, "pool", pool_xml.impact, lambda read: pool_xml.as_asked(read(), wish))


def _volumes(at, wish):
    def as_asked(read):
        return volume_xml.as_asked(read(pools=volume_xml.pools(wish)), wish)

    return _keep(at, wish, Volumes, "volume", volume_xml.impact, as_asked)


def _images(at, wish):
    return _keep(at, wish, Images, "image", volume_xml.impact, lambda read: read(wish=wish))


def _networks(at, wish):
    read, write = __salt__["lab_virt.networks"], __salt__["lab_virt.network_change"]
    impact, note = partial(network_xml.impact, wish=wish), partial(network_xml.pending, wish=wish)
    return converge(Things(at, Networks, read, write, impact, note), wish, __opts__["test"])


def _secrets(at, wish):
    return _keep(at, wish, Secrets, "secret", secret.impact, lambda read: read(wish=wish))


def _keep(at, wish, kind, thing, impact, look=lambda read: read()):  # noqa: PLR0913, PLR0917
    read, write = __salt__[f"lab_virt.{thing}s"], __salt__[f"lab_virt.{thing}_change"]
    return converge(Things(at, kind, lambda: look(read), write, impact), wish, __opts__["test"])


def _converge(at, wish):
    read, write = __salt__["lab_virt.domains"], __salt__["lab_virt.change"]
    told = partial(seen.pending, wish=wish)
    things = Things(at, Domains, lambda: seen.as_asked(read(), wish), write, rules.impact, told)
    return converge(things, wish, __opts__["test"])
