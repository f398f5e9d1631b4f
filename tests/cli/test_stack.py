"""What a stack that never came up leaves behind, and how one that is kept up goes on."""

import os
import shutil
import signal
import time

import pytest

from cli import stack as stack_module
from cli.broker.ports import free_pair
from cli.stack import Stack, StackFailed
from config.settings import Settings


@pytest.mark.parametrize(("problem", "left"), [(KeyboardInterrupt, False), (OSError, True)])
def test_an_interrupted_start_leaves_nothing_and_a_failed_one_its_logs(
    problem: type[BaseException], left: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = Stack(brokers="127.0.0.1:1", port=20_000, settings={})

    def fail(_settings: Settings) -> None:
        (stack.logs / "0-gateway.log").write_text("said")
        raise problem

    monkeypatch.setattr(stack_module, "ensure_topics", fail)
    with pytest.raises(problem), stack:
        pass
    assert stack.logs.exists() is left
    shutil.rmtree(stack.logs, ignore_errors=True)


def test_a_start_that_failed_before_anything_was_logged_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = Stack(brokers="127.0.0.1:1", port=20_000, settings={})

    def fail(_settings: Settings) -> None:
        raise OSError

    monkeypatch.setattr(stack_module, "ensure_topics", fail)
    with pytest.raises(OSError), stack:
        pass
    assert not stack.logs.exists()


def test_what_is_killed_is_started_again_once_the_stack_is_kept() -> None:
    stack = Stack(brokers="127.0.0.1:1", port=free_pair(), settings={})
    try:
        victim = stack.start("gateway", SALESPULSE_PORT=str(stack.port))
        os.kill(victim.pid, signal.SIGKILL)
        victim.wait()
        with pytest.raises(StackFailed, match="the gateway ended"):
            stack.check()
        stack.keep()
        limit = time.monotonic() + 20
        while not (stack._children and stack._children[0].is_running()):
            assert time.monotonic() < limit, "nobody started it again"
            time.sleep(0.05)
        assert stack._children[0].pid != victim.pid
        stack.check()
    finally:
        stack.stop()
        shutil.rmtree(stack.logs, ignore_errors=True)
