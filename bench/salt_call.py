"""Salt as a contender: one ``salt-call --local state.apply`` for each case, as a person runs it."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench.contest import FIXED, Entry, Unable
from bench.programs import Command

REPOSITORY = Path(__file__).parents[1]
SALT_CALL = Path(sys.executable).parent / "salt-call"


@dataclass(frozen=True)
class Ours:
    """Our state *function* on a minion without a master, for ``wishes(n)``: what is wished of *n* things by case."""

    home: Path
    lab: dict[str, Any]
    function: str
    wishes: Callable[[int], dict[str, Any]]

    def entries(self, n, runs):
        """Return ours, and what tells what of it is Salt: alone, with that wish for nothing, and ours for no wish."""
        return [
            Entry("salt", self.salt, 0, runs, (FIXED,)),
            Entry("salt, that wish", self.salt, n, runs, (FIXED,)),
            Entry("ours, no wish", self.ours, 0, runs, (FIXED,)),
            Entry("ours", self.ours, n, runs),
        ]

    def ours(self, n):
        """Return ours as a contender."""
        trees = {case: _tree(self.function, wish) for case, wish in self.wishes(n).items()}
        return self._minion(f"ours-{n}").contender({FIXED: _tree(self.function, {})} | trees)

    def salt(self, n):
        """Return Salt's own cost in the same configuration: one ``test.nop`` that has the wish for *n* things."""
        wish = self.wishes(n)["create"] if n else {}
        return self._minion(f"salt-{n}").contender({FIXED: _tree("test.nop", wish)})

    def _minion(self, name):
        places = {"module_dirs": [str(REPOSITORY)], "utils_dirs": [str(REPOSITORY / "_utils")]}
        return Minion(self.home / name, places | {"lab": self.lab})


class Minion:
    """A minion that keeps its files in *home*; *config* is added to its configuration, *salt_call* is its program."""

    def __init__(self, home, config, salt_call=SALT_CALL):
        self.home, self.salt_call = home, salt_call
        self.states = home / "states"
        self.states.mkdir(parents=True)
        places = {"root_dir": "", "cachedir": "cache", "extension_modules": "cache/extmods", "pki_dir": "pki"}
        opts = {key: str(home / place) for key, place in places.items()}
        roots = {"file_roots": {"base": [str(self.states)]}, "pillar_roots": {"base": [str(home / "pillar")]}}
        own = {"id": "bench", "file_client": "local", "minion_id_caching": False}
        (home / "minion").write_text(yaml.safe_dump(own | opts | roots | config))

    def contender(self, trees):
        """Return a contender that applies ``trees[case]``; what Salt and Python cache is there when it starts."""
        trees = {FIXED: _tree("test.nop", {})} | trees
        for case, tree in trees.items():
            (self.states / f"{case}.sls").write_text(yaml.dump(tree, Dumper=yaml.CSafeDumper))
        self.apply(FIXED)

        def contender(case):
            if case not in trees:
                raise Unable("it has no state for that")
            self.apply(case)

        return contender

    def apply(self, case):
        """Apply the states of *case*.  Raises ``Unable`` if one failed, or changed what was as wished."""
        argv = [self.salt_call, "--local", "-c", self.home, "--out=json", "-l", "error", "state.apply", case]
        said = Command(argv).run()
        try:
            returned = json.loads(said)["local"].values()
        except (ValueError, AttributeError) as err:
            raise Unable(f"salt-call said: {said[-300:]}") from err
        for one in returned:
            if not one["result"] or (case in ("noop", FIXED) and one["changes"]):
                raise Unable(f"{one['name']}: {one['comment'][-300:]} {list(one['changes'])[:3]}")


def _tree(function, wish):
    return {"bench": {function: [{key: value} for key, value in wish.items()]}}
