"""What a stack that never came up leaves behind."""

import shutil

import pytest

from cli import stack as stack_module
from cli.stack import Stack
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
