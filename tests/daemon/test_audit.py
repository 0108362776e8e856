"""The audit under the real logrotate: whoever writes while it rotates, no decision is lost."""

import subprocess
import threading
from pathlib import Path

from saltext.lab.admit import history
from saltext.lab.admit.audit import Audit

RULES = Path(__file__).parents[2] / "salt/salt-master/logrotate"
LOGS = "/var/log/saltext-lab/*.log"


def test_no_decision_is_lost_by_rotating_the_log(tmp_path):
    rules, log, ended = tmp_path / "rules", tmp_path / "admission.log", threading.Event()
    rules.write_text(RULES.read_text().replace(LOGS, f"{tmp_path}/*.log"))
    noted = []

    def write():
        while not ended.is_set():
            noted.append(f"web{len(noted)}")
            Audit(log).note([{"id": noted[-1], "act": "accept", "why": "", "source": "sweep", "key": None}])

    writer = threading.Thread(target=write)
    writer.start()
    for _ in range(20):
        subprocess.run(["logrotate", "--force", "--state", tmp_path / "state", rules], check=True, timeout=20)
    ended.set()
    writer.join(20)

    assert LOGS in RULES.read_text()
    assert [line["id"] for line in history.read(log)] == noted
    assert {"admission.log.1", "admission.log.2.gz", "admission.log.3.gz"} <= {one.name for one in tmp_path.iterdir()}
