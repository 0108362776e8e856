"""A guest of the image ``ram`` under TCG, with its serial console and its power button."""

import re
import subprocess
import threading

import pytest

BOOT = 120  # seconds; it takes 3 on a machine with nothing else to do
KEYS = {"minion.pem": "minion.pem", "minion.pub": "minion.pub", "master.pub": "minion_master.pub"}
WHO = "lab.id=web1 lab.ip=10.0.2.15/24 lab.master=10.0.2.2 lab.domain=demo.example"
HERE = "10.0.2.2"  # as which QEMU's own network shows the loopback of this machine, unless it is restricted


class Console:
    """QEMU as *argv* says, with a serial console as its standard input and output; killed at the end of a ``with``."""

    def __init__(self, argv):
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.said, self.heard, self._ended = "", threading.Condition(), False
        self.ear = threading.Thread(target=self._listen, daemon=True)
        self.ear.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def _listen(self):
        while data := self.process.stdout.read1():
            with self.heard:
                self.said += data.decode(errors="replace")
                self.heard.notify_all()
        with self.heard:
            self._ended = True
            self.heard.notify_all()

    def wait(self, pattern, seconds, since=0):
        """Return the match of *pattern* in what the console says, waiting at most *seconds*."""
        with self.heard:
            self.heard.wait_for(lambda: self._ended or re.search(pattern, self.said[since:], re.MULTILINE), seconds)
        if found := re.search(pattern, self.said[since:], re.MULTILINE):
            return found
        pytest.fail(f"the console never said {pattern}, but:\n{self.said[-2000:]}")

    def ended(self, seconds):
        """Return QEMU's exit code, once it has ended by itself and all it said has been heard."""
        code = self.process.wait(seconds)
        self.ear.join()
        return code

    def type(self, text):
        """Press the keys of *text*."""
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def run(self, command, seconds=30):
        """Return what *command* printed."""
        since = len(self.said)
        self.type(f'echo "OUT""PUT<$({command})>"\n')
        return self.wait(r"OUTPUT<([^>]*)>", seconds, since)[1].replace("\r", "").strip()

    def log_in(self):
        """Wait for the shell that the console of the image ``ram`` offers."""
        self.wait("Please press Enter", BOOT)
        self.type("\n")
        self.wait("# ", 30)


class Guest(Console):
    """
    A guest of the files in directory *image*.

    *keys* is a directory of those it is given, *words* go on the kernel command line, *net* says that it may talk to
    servers on this machine's loopback.
    """

    def __init__(self, image, words="", keys=None, initrd="initrd.img", net=False):
        given = [f"name=opt/saltext-lab/{name},file={keys / name}" for name in KEYS] if keys else []
        user = "user,id=n0" if net else "user,id=n0,restrict=on"
        super().__init__(
            [
                *("qemu-system-x86_64", "-machine", "pc,graphics=off", "-accel", "tcg", "-cpu", "qemu64,+rdrand"),
                *("-m", "384", "-nodefaults", "-display", "none", "-no-reboot", "-chardev", "stdio,id=c0,mux=on"),
                *("-serial", "chardev:c0", "-mon", "chardev=c0"),
                *("-netdev", user, "-device", "virtio-net-pci,netdev=n0,romfile="),
                *(word for one in given for word in ("-fw_cfg", one)),
                *("-kernel", image / "vmlinuz", "-initrd", image / initrd),
                *("-append", f"console=ttyS0 quiet {WHO} {words}"),
            ],
        )
