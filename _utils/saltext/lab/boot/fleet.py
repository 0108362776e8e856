"""Reach the minions of this master, and the other master through the minion beside it."""

import time
from contextlib import contextmanager

import salt.client
import salt.exceptions
import salt.utils.args
import salt.utils.jid

from saltext.lab.boot import returns
from saltext.lab.errors import LabError, Unreachable

LIFE = 20  #: seconds without a return after which a minion is asked whether it is still at it


class Fleet:
    """
    All machines that answer to the master whose configuration is *opts*; one that is silent for *life* s is asked why.

    Waits on the master's event bus.  ``LocalClient.cmd`` is not used: it prints on its own,
    polls every 10 ms, and takes a lost job for one that returned a text.
    """

    def __init__(self, opts, life=LIFE):
        self.opts, self.life = opts, life

    def call(self, minion, fun, *args, timeout=60, **kwargs):
        """
        Return what execution function *fun* returned on *minion*, within *timeout* seconds.

        Raises ``Unreachable`` when the minion does not answer, or has lost the job, and
        ``Refused`` with its own words when *fun* failed.
        """
        with self._client() as client:
            return returns.value(minion, fun, self._answer(client, minion, fun, (args, kwargs), timeout))

    def call_all(self, minions, fun, *args, timeout=60, **kwargs):
        """Return ``{minion: what *fun* returned there, or the LabError}``; one job has all begin at once."""
        if not minions:
            return {}
        with self._client() as client:
            answers = self._answers(client, minions, fun, (args, kwargs), timeout)
        return {minion: _value_or_error(minion, fun, answers.get(minion)) for minion in minions}

    def runner(self, minion, fun, *args, timeout=120, **kwargs):
        """Return what runner *fun* returned on the master beside *minion*."""
        how = {"arg": list(args), "kwarg": kwargs, "full_return": True}
        return returns.runner(minion, fun, self.call(minion, "saltutil.runner", fun, timeout=timeout, **how))

    def apply(self, minion, *, test=False, timeout=300):
        """Return ``Applied``: what applying its states did on *minion*, which is connected again afterwards."""
        with self._client() as client:
            answer = self._answer(client, minion, "state.apply", ((), {"test": test}), timeout)
            done = returns.applied(returns.value(minion, "state.apply", answer))
            if returns.RESTART in done.changes and not test:
                client.event.get_event(wait=60, tag=f"salt/minion/{minion}/start")
            return done

    def answers(self, minion, timeout=3):
        """Return whether *minion* answers within *timeout* seconds."""
        try:
            return self.call(minion, "test.ping", timeout=timeout) is True
        except Unreachable:
            return False

    def wait_for(self, minion, seconds):
        """Return whether *minion* answers within *seconds*; its start event ends the waiting."""
        end = time.monotonic() + seconds
        with self._client() as client:
            while not self.answers(minion, timeout=1):
                if time.monotonic() > end:
                    return False
                client.event.get_event(wait=3, tag=f"salt/minion/{minion}/start")
        return True

    def new_jid(self):
        """Return an id for a job to publish."""
        return salt.utils.jid.gen_jid(self.opts)

    def publish(self, minions, fun, *args, jid):
        """Publish *fun* as job *jid* to *minions*, a list, and wait for nobody; returns come as events on the bus."""
        with salt.client.LocalClient(mopts=self.opts) as client:
            _publish(client, minions, fun, args, jid)

    def cached(self, jid):
        """Return ``{minion: return}`` of those that have returned on job *jid*, as far as the master remembers."""
        with salt.client.LocalClient(mopts=self.opts) as client:
            return client.returners[f"{self.opts['master_job_cache']}.get_jid"](jid)

    @contextmanager
    def _client(self):
        with salt.client.LocalClient(mopts=self.opts) as client:
            client.event.connect_pub()
            yield client

    def _answer(self, client, minion, fun, words, timeout):
        jid, end = self._publish(client, minion, fun, words), time.monotonic() + timeout
        while (left := end - time.monotonic()) > 0:
            if answer := client.event.get_event(wait=min(self.life, left), tag=f"salt/job/{jid}/ret/{minion}"):
                return answer
            if left > self.life and not self._at_it(client, minion, jid):
                return client.event.get_event(wait=1, tag=f"salt/job/{jid}/ret/{minion}")
        return None

    def _answers(self, client, minions, fun, words, timeout):
        jid, end = self._publish(client, minions, fun, words), time.monotonic() + timeout
        found: dict = {}
        while len(found) < len(minions) and (left := end - time.monotonic()) > 0:
            if answer := client.event.get_event(wait=left, tag=f"salt/job/{jid}/ret/"):
                found[answer["id"]] = answer
        return found

    def _at_it(self, client, minion, jid):
        """Return whether *minion* is still busy with the job; an emulated guest under load takes its time to say so."""
        asked = self._publish(client, minion, "saltutil.find_job", ((jid,), {}))
        answer = client.event.get_event(wait=3 * self.life, tag=f"salt/job/{asked}/ret/{minion}")
        return bool(answer and answer["return"])

    def _publish(self, client, minions, fun, words):
        jid = self.new_jid()
        client.event.subscribe(f"salt/job/{jid}/ret/")  # kept until asked for, whatever else is waited for
        _publish(client, minions, fun, salt.utils.args.condition_input(*words), jid)
        return jid


def _publish(client, minions, fun, words, jid):
    try:
        client.pub(minions, fun, words, "list", jid=jid)
    except salt.exceptions.SaltClientError as err:
        raise Unreachable("the master on this machine takes no jobs", str(err), "is salt-master up?") from err


def _value_or_error(minion, fun, answer):
    try:
        return returns.value(minion, fun, answer)
    except LabError as err:
        return err
