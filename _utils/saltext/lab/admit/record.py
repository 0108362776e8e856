"""What a master knows of a machine that may join: one enrolment, and how far that machine has come since."""

from typing import Annotated, Literal

from pydantic import Field

from saltext.lab.schema import Model, field

#: Minion ids that this lab can have.  Salt takes almost anything, newlines and globs too.
Minion = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$")]
Fingerprint = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

LIFETIME = 900  #: seconds from enrolment to expiry; a slow guest boots within two minutes
STALE = 900  #: seconds; a highstate under emulation takes one or two minutes at the most


class Highstate(Model):
    state: Literal["running", "done", "failed"] = field("how far it is", "done", default=...)
    at: float = field("when it came there", 1700000000.0, unit="s since 1970", default=...)
    digest: str = field("of the slice and the formulas that were applied", "9f86d081884c", default="")
    why: str = field("what failed", "", default="")
    boot: str | None = field("boot id of the machine", "5b3e1c3e-…")
    jid: str | None = field("Salt's id of the job", "20261121130000000000")

    def is_stale(self, now):
        """Return whether it should have ended long before *now*: who ran it has died."""
        return self.state == "running" and now - self.at > STALE


class Record(Model):
    id: Minion = field("id that the minion will present", "web1", default=...)
    fingerprint: Fingerprint = field("of the key that it will present", "9f86d081" * 8, default=...)
    expires: float = field("until when it may be admitted", 1700000600.0, unit="s since 1970", default=...)
    uuid: str | None = field("UUID of the machine", "6ba7b810-9dad-11d1-80b4-00c04fd430c8")
    host: str | None = field("hypervisor that it runs on", "hv1")
    admitted: float | None = field("when its key was accepted", 1700000012.0, unit="s since 1970")
    highstate: Highstate | None = field("its highstate of this boot", None)
