"""The firmware in a domain's XML."""

from xml.etree import ElementTree as ET

from saltext.lab.virt import element

SECURE = "os/firmware/feature[@name='secure-boot']"


class Firmware:
    """What starts the guest: libvirt finds the files by ``<os firmware='efi'>`` (since 5.2)."""

    def get(self, root):
        """Return bios, uefi or secure."""
        loader = root.find("os/loader")
        efi = root.find("os[@firmware='efi']") is not None or (loader is not None and loader.get("type") == "pflash")
        feature = root.find(SECURE)
        secure = loader is not None and loader.get("secure") == "yes"
        if feature is not None:
            secure = feature.get("enabled") == "yes"
        return ("secure" if secure else "uefi") if efi else "bios"

    def set(self, root, value):
        """Let libvirt find the files anew; the guest's variables stay where they are as long as it is UEFI."""
        os, secure = element.make(root, "os"), value == "secure"
        for path in ("os/loader", "os/firmware", *(["os/nvram"] if value == "bios" else [])):
            element.remove(root, path)
        os.attrib.pop("firmware", None)
        element.remove(root, "features/smm")
        if (nvram := root.find("os/nvram")) is not None:
            nvram.attrib.clear()  # the template is that of the other firmware
        if value == "bios":
            return
        os.set("firmware", "efi")
        for name in ("enrolled-keys", "secure-boot"):
            ET.SubElement(element.make(root, "os/firmware"), "feature", enabled="yes" if secure else "no", name=name)
        if secure:
            element.make(root, "features/smm").set("state", "on")
