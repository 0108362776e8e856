"""What is where on the disk: a GPT by sfdisk, on a file.  Numbers are in sectors of 512 bytes."""

from saltext.lab.command import run

SECTOR = 512
MIB = 2048
LAB, BIOS, ESP, ROOT = MIB, 2 * MIB, 3 * MIB, 67 * MIB  #: where each partition begins; `lab` is there in every image
END = MIB  #: the second copy of the table
#: Fixed, so that two builds are the same.
IDS = {name: f"6c616221-0000-4000-8000-00000000000{number}" for number, name in enumerate(("disk", "lab", "bios"))}
IDS |= {name: f"6c616221-0000-4000-8000-00000000000{number}" for number, name in enumerate(("esp", "root", "fs"), 3)}
#: https://uapi-group.org/specifications/specs/discoverable_partitions_specification/
TYPES = {
    "lab": "8DA63339-0007-60C0-C436-083AC8230908",
    "bios": "21686148-6449-6E6F-744E-656564454649",
    "esp": "C12A7328-F81F-11D2-BA4B-00A0C93EC93B",
    "root": "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709",
}
MARK = b"saltext-lab-mark empty\n"  #: by which the installer knows where its own may be (../installer/init)


def make(disk, mib):
    """Make the file *disk* with a root partition of *mib*, the last one, so that it can grow."""
    with disk.open("wb") as file:
        file.truncate((ROOT + mib * MIB + END) * SECTOR)
        file.seek(LAB * SECTOR)
        file.write(MARK)
    run("sfdisk", "--quiet", "--wipe=never", "--no-reread", disk, stdin=table(mib))


def table(mib):
    """Return the partitions as sfdisk reads them."""
    places = {"lab": (LAB, MIB), "bios": (BIOS, MIB), "esp": (ESP, ROOT - ESP), "root": (ROOT, mib * MIB)}
    rows = [
        f"start={start}, size={size}, type={TYPES[name]}, uuid={IDS[name]}, name={name}"
        for name, (start, size) in places.items()
    ]
    return "\n".join(["label: gpt", f"label-id: {IDS['disk']}", "unit: sectors", "", *rows, ""])
