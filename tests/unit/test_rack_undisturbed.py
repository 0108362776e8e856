"""Interrupts that wait."""

import os
import signal

import pytest

from rack.undisturbed import undisturbed


def test_an_interrupt_comes_at_the_end_and_only_then():
    done = []

    def interrupted():
        with undisturbed():
            signal.raise_signal(signal.SIGINT)
            done.append("all of it")

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert done == ["all of it"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_child_that_hears_it_does_not_unwind_its_parents_stack():
    with undisturbed():
        child = os.fork()
        if child == 0:
            signal.raise_signal(signal.SIGTERM)
            os._exit(7)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_without_any_nothing_comes():
    with undisturbed():
        pass
