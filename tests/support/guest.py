"""A real guest that boots in seconds under TCG and says on its serial port what it sees, whenever that changes."""

import shutil
import subprocess
from pathlib import Path

from images import cache
from images.ram import cpio, kernel

MODULES = ("virtio_pci", "virtio_net", "virtio_blk", "virtio_balloon", "virtio_console", "virtio_rng", "qemu_fw_cfg")
APPLETS = (
    *("arping", "awk", "cat", "find", "grep", "insmod", "ip", "mount", "poweroff", "sed", "sh", "sleep", "tail"),
    *("tr", "xargs"),
)
INIT = r"""#!/bin/sh
export PATH=/bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
while read -r module; do insmod "/modules/$module"; done </modules/order
echo "WORDS $(cat /proc/cmdline)"

# As much of a guest agent as a shutdown needs (https://www.qemu.org/docs/master/interop/qemu-ga-ref.html).
answer() {
  while :; do
    read -r line || { sleep 0.2; continue; }  # libvirt connects when it hears that the guest has opened the port
    case $line in
      *guest-sync*) echo "{\"return\": $(echo "$line" | sed 's/.*"id": *\([0-9]*\).*/\1/')}" ;;
      *guest-shutdown*) poweroff -f ;;
      *) echo '{"return": {}}' ;;
    esac
  done
}
sees() {
  echo "mem=$(awk '/MemTotal/ {print int($2 / 1024)}' /proc/meminfo)" "cpus=$(grep -c ^processor /proc/cpuinfo)"
  for disk in /sys/block/vd*; do [ -e "$disk" ] && echo "${disk##*/}=$(($(cat "$disk/size") / 2048))"; done
  for nic in /sys/class/net/eth*; do
    [ -e "$nic" ] || continue
    [ "$(cat "$nic/statistics/rx_packets")" = 0 ] && heard=silence || heard=frames
    echo "${nic##*/}=$(cat "$nic/address"),$(cat "$nic/carrier"),$heard"
  done
}
# All that is there when it comes up, for who asks with the word "tell" on the command line.
tells() {
  cd /sys/class/dmi/id && grep -s . bios_* chassis_* product_* sys_* | sed 's/:/=/'
  echo "oem=$(tail -c +6 /sys/firmware/dmi/entries/11-0/raw | tr '\0' '|')"
  cd /sys/firmware/qemu_fw_cfg/by_name
  for file in $(find -L opt -name raw); do echo "${file%/raw}=$(cat "$file")"; done
  cd /sys/bus/pci/devices
  for card in *; do
    read -r vendor <"$card/vendor"; read -r device <"$card/device"; cards="$cards ${vendor#0x}:${device#0x}"
  done
  echo "pci=$cards"
  echo "virtio=$(cat /sys/bus/virtio/devices/*/device | xargs)"
  grep -m 2 -E '^(model name|flags)' /proc/cpuinfo | sed 's/[\t ]*: /=/'
  for disk in /sys/block/vd*; do echo "${disk##*/}=$(cat "$disk/ro"),$(cat "$disk/serial")"; done
  echo "rng=$(cat /sys/class/misc/hw_random/rng_available)"
  echo "tpm=$(cat /sys/class/tpm/tpm0/tpm_version_major)"
  echo "possible=$(cat /sys/devices/system/cpu/possible)"
  echo all=.
}
grep -qw tell /proc/cmdline && tells 2>/dev/null | sed 's/^/TELLS /'
ip link set lo up
before=
while :; do
  for port in /sys/class/virtio-ports/*; do  # it comes some time after its driver, and can be opened once
    [ -z "$agent" ] && [ -e "$port" ] && { answer <>"/dev/${port##*/}" >&0 & agent=$!; }
  done
  for nic in /sys/class/net/eth*; do ip link set "${nic##*/}" up; done 2>/dev/null
  for cpu in /sys/devices/system/cpu/cpu[1-9]*/online; do echo 1 >"$cpu"; done 2>/dev/null
  ip address replace 10.9.9.1/24 dev eth0 2>/dev/null && arping -q -c 1 -w 1 -I eth0 10.9.9.9 >/dev/null 2>&1
  now="SEES $(echo $(sees)) ."
  [ "$now" = "$before" ] || echo "$now"
  before=$now
  sleep 0.2
done
"""


def make(folder):
    """Put ``vmlinuz`` and ``initrd.img`` of such a guest into *folder*; they come from the image ``ram``."""
    image, work = cache.path("ram"), folder / "work"
    (work / "stage/bin").mkdir(parents=True)
    with (image / "initrd.img").open("rb") as archive:
        subprocess.run(["cpio", "-i", "--quiet", "root.sqfs"], cwd=work, stdin=archive, check=True, timeout=60)
    unsquash = ["unsquashfs", "-n", "-q", "-d", work / "root", work / "root.sqfs", "usr/lib/modules"]
    subprocess.run(unsquash, check=True, timeout=60, stdout=subprocess.DEVNULL)
    _stage(work / "stage", work / "root/usr")
    cpio.write(folder / "initrd.img", work / "stage")
    shutil.copy(image / "vmlinuz", folder / "vmlinuz")
    shutil.rmtree(work)


def furnished(home):
    """Return *home*, made, with kernel, initrd and two disks, ``vda`` and ``vdb`` of 8 MiB, of such a guest."""
    home.mkdir(mode=0o755)
    make(home)
    for name in ("vda", "vdb"):
        with (home / name).open("wb") as file:
            file.truncate(8 << 20)
    return home


def _stage(stage, debian):
    for name in ("dev", "modules", "proc", "sys"):
        (stage / name).mkdir()
    kernel.stage(debian, stage / "modules", MODULES)
    shutil.copy("/bin/busybox", stage / "bin/busybox")
    for applet in APPLETS:
        (stage / "bin" / applet).symlink_to("busybox")
    (stage / "init").write_text(INIT)
    (stage / "init").chmod(0o755)


def seen(log):
    """Return what the guest whose serial port is kept in file *log* sees now: ``{"mem": "190", "vda": "8", …}``."""
    text = Path(log).read_text(errors="replace") if Path(log).exists() else ""
    lines = [line for line in text.splitlines() if line.startswith("SEES ") and line.endswith(".")]
    return dict(word.split("=", 1) for word in lines[-1].split()[1:-1]) if lines else {}


def told(log):
    """Return what the guest with ``tell`` on its command line told at its start, once it is all there, or None."""
    text = Path(log).read_text(errors="replace") if Path(log).exists() else ""
    lines = [line.removeprefix("TELLS ") for line in text.splitlines() if line.startswith("TELLS ")]
    return dict(line.split("=", 1) for line in lines) if "all=." in lines else None
