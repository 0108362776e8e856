"""The one process that holds a rack together: parent of all hosts, and the ear at the power socket."""

import asyncio
import json
import logging
import os
import signal
import sys

from rack import cgroup
from rack.outlet import Outlet
from saltext.lab.errors import BadWish, LabError

log = logging.getLogger(__name__)


def start(topology, place, listener):
    """Serve *place* in a process of its own, away from any terminal; returns at once."""
    if child := os.fork():
        os.waitpid(child, 0)
        return
    try:
        os.setsid()
        if os.fork() == 0:
            _settle(place)
            asyncio.run(serve(topology, place, listener))
    except Exception:
        logging.exception("the daemon ends")
    finally:
        os._exit(0)


def _settle(place):
    cgroup.make(cgroup.path(place.instance)).write_text(str(os.getpid()))
    out = os.open(place.log("daemon"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr, force=True)


async def serve(topology, place, listener):
    """Answer at *listener* until somebody says ``stop`` or SIGTERM comes; then every host is off."""
    daemon = Daemon({name: Outlet(topology, host, place) for name, host in topology.hosts.items()})
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, daemon.stopped.set)
    log.info("rack %s is up", place.instance)
    server = await asyncio.start_unix_server(daemon.talk, sock=listener)
    await daemon.stopped.wait()
    server.close()
    await daemon.stop()
    log.info("rack %s is down", place.instance)


class Daemon:
    """The outlets, and what can be asked of them: one JSON object a line, one back."""

    def __init__(self, outlets):
        self._outlets = outlets
        self.stopped = asyncio.Event()

    async def talk(self, reader, writer):
        """Answer every line of one client."""
        try:
            while line := await reader.readline():
                writer.write(json.dumps(await self.answer(line)).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError) as err:  # ValueError: a line longer than 64 KiB
            log.info("a client is gone: %s", err)
        finally:
            writer.close()

    async def answer(self, line):
        """Return the answer to the request in *line*, or ``{"error": {"what", "why", "fix"}}``."""
        try:
            return await self._do(_request(line))
        except LabError as err:
            return {"error": {"what": err.what, "why": err.why, "fix": err.fix}}

    async def stop(self):
        """Switch everything off."""
        await asyncio.gather(*(outlet.off() for outlet in self._outlets.values()))

    async def _do(self, request):
        match request:
            case {"op": "status"}:
                return {"hosts": {name: outlet.status() for name, outlet in self._outlets.items()}}
            case {"op": "stop"}:
                await self.stop()
                self.stopped.set()
                return {"hosts": {}}
            case {"op": "on" | "off" | "plug" | "unplug" as op, "host": name}:
                return await self._tell(name, op)
            case {"op": "wait", "host": name, "seconds": int() | float() as seconds}:
                return await self._tell(name, "wait", seconds)
        raise BadWish("the rack cannot do that", f"{request}", "op is one of status, on, off, plug, unplug, wait, stop")

    async def _tell(self, name, op, *more):
        outlet = self._outlets.get(name) if isinstance(name, str) else None
        if outlet is None:
            raise BadWish(f"there is no host {name} in the rack", f"it has {', '.join(self._outlets)}")
        await getattr(outlet, op)(*more)
        return {"host": name, **outlet.status()}


def _request(line):
    try:
        return json.loads(line)
    except ValueError as err:
        raise BadWish("the rack does not understand", str(err), "send one JSON object on one line") from err
