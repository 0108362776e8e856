"""Programs as contenders: the commands of each case, one after the other."""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from bench.contest import Unable

TIMEOUT = 900  #: seconds for one command


@dataclass(frozen=True)
class Command:
    """One command: its words, what it reads, and what its environment has besides, and where it runs."""

    argv: list
    stdin: str = ""
    env: dict = field(default_factory=dict)
    cwd: Path | None = None

    def run(self):
        """Return what it printed.  Raises ``Unable`` with its last words if it fails."""
        env = os.environ | self.env
        options = {
            "input": self.stdin,
            "env": env,
            "capture_output": True,
            "text": True,
            "timeout": TIMEOUT,
            "cwd": self.cwd,
        }
        try:
            return subprocess.run([str(word) for word in self.argv], check=True, **options).stdout
        except subprocess.TimeoutExpired as err:
            raise Unable(f"{self.argv[0]} took more than {TIMEOUT} s") from err
        except subprocess.CalledProcessError as err:
            said = " ".join((err.stderr + err.stdout).split())
            raise Unable(f"{self.argv[0]} exited with {err.returncode}: {said[-300:]}") from err


def programs(commands):
    """Return a contender of *commands*, ``{case: [Command, ...]}``."""

    def contender(case):
        if case not in commands:
            raise Unable("it has no command for that")
        for command in commands[case]:
            command.run()

    return contender
