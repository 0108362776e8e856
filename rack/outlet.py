"""A power outlet with one host plugged in, and that host's power button."""

import asyncio
import logging
import time

from rack import cgroup, nspawn, wires
from saltext.lab.errors import Refused, Unreachable

START = 30  # seconds nspawn may take to start the first process of a host; observed: 0.06
log = logging.getLogger(__name__)


class Outlet:
    """One host and its mains power: ``on``, ``off`` or ``unplugged``."""

    def __init__(self, topology, host, place):
        self.host, self._topology, self._place = host, topology, place
        self._plugged, self._since = True, time.time()
        self._life: asyncio.Task | None = None
        self._group = cgroup.path(place.instance, host.name)
        self._order = asyncio.Lock()
        self._forget()

    def status(self):
        """Return power, since when (seconds since 1970), pid of the first process, and whether it has booted."""
        power = "on" if self._alive() else "off" if self._plugged else "unplugged"
        return {"power": power, "since": self._since, "pid": self._leader, "booted": self._booted.is_set()}

    async def on(self):
        """Press the power button of a host that is off; returns when its first process runs."""
        async with self._order:
            if not self._plugged:
                why, fix = "it has no mains power (its plug is pulled)", f"plug it in: rack power on {self.host.name}"
                raise Refused(f"{self.host.name} cannot be switched on", why, fix)
            if not self._alive():
                await self._start()

    async def off(self):
        """Hold the power button: everything ends at once, disks are kept."""
        async with self._order:
            await self._stop()

    async def plug(self):
        """Give it mains power, at which it starts."""
        self._plugged = True
        await self.on()

    async def unplug(self):
        """Take its mains power away."""
        async with self._order:
            self._plugged = False
            await self._stop()

    async def wait(self, seconds):
        """Return when systemd says that it has booted; raises ``Unreachable`` if it does not, or goes off."""
        await self._first(self._booted, seconds)
        if not self._booted.is_set():
            why = f"no word of systemd within {seconds} s" if self._alive() else "it is not on"
            raise Unreachable(f"{self.host.name} has not booted", why, f"see {self._place.log(self.host.name)}")

    def _alive(self):
        return self._life is not None and not self._life.done()

    def _forget(self):
        self._leader, self._started, self._booted = None, asyncio.Event(), asyncio.Event()

    async def _first(self, event, seconds):
        """Wait for *event*, but no longer than *seconds* or than the host lives."""
        if self._alive():
            happened = asyncio.ensure_future(event.wait())
            await asyncio.wait([self._life, happened], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            happened.cancel()

    async def _start(self):
        self._since, self._life = time.time(), asyncio.create_task(self._live())
        started = self._started
        await self._first(started, START)
        if not started.is_set():
            why = await self._stop() or self._last_words()
            raise Refused(f"{self.host.name} does not start", str(why), f"see {self._place.log(self.host.name)}")
        log.info("%s is on", self.host.name)

    def _last_words(self):
        said = self._place.log(self.host.name).read_text(errors="replace").splitlines()
        return said[-1] if said else "nspawn said nothing"

    async def _stop(self):
        """End the host's life and return what went wrong in it, if anything."""
        if self._life is None:
            return None
        self._life.cancel()
        await asyncio.wait({self._life})
        return None if self._life.cancelled() else self._life.exception()

    async def _live(self):
        """Boot, and boot again whenever the host reboots itself; cancelled, it loses its power."""
        code = nspawn.REBOOT
        try:
            while code == nspawn.REBOOT:
                code = await self._boot()
                log.info("%s ended with %s", self.host.name, code)
        finally:
            self._since = time.time()
            log.info("%s is off", self.host.name)

    async def _boot(self):
        """Return what nspawn exits with; whatever happens, no process, group or wire of this boot stays."""
        own, switch = self._place.machine(self.host.name), self._place.machine()
        with nspawn.notified(self._place.notify(self.host.name), self._told):
            try:
                await wires.attach(own, self.host.nics, switch, self._topology.mtu)
                return await self._run()
            finally:
                await asyncio.to_thread(cgroup.end, self._group)
                await wires.detach(own, self.host.nics, switch)
                nspawn.tidy(self._place, self.host.name)
                self._forget()

    async def _run(self):
        argv = [*nspawn.JOIN, cgroup.make(self._group), *nspawn.command(self._topology, self.host, self._place)]
        with self._place.log(self.host.name).open("ab") as console:
            process = await asyncio.create_subprocess_exec(
                *argv,
                env=nspawn.environment(self._place, self.host),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=console,
                stderr=console,
            )
        return await process.wait()

    def _told(self, key, value):
        if key == "X_NSPAWN_LEADER_PID":
            self._leader = int(value)
            self._started.set()
        elif (key, value) == ("READY", "1"):
            self._booted.set()
