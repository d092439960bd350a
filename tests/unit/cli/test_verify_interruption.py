"""Signals end a verification in good order; only the third one ends it at once."""

import os
import signal

import pytest

from jetbridge_cli.verify.interruption import Interruption


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_is_taken_down_and_the_third_gives_up(number: signal.Signals) -> None:
    said: list[str] = []
    interruption = Interruption(said.append)
    before = signal.getsignal(number)
    with interruption.heard():
        assert not interruption.stopped.is_set()
        os.kill(os.getpid(), number)
        assert interruption.stopped.is_set()
        os.kill(os.getpid(), signal.SIGTERM)
        assert interruption.number == number
        assert len(said) == 2
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    assert signal.getsignal(number) == before
