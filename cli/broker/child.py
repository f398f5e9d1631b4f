"""A broker's process: started under a keeper, awaited, ended. It cannot outlive this process."""

import os
import signal
import subprocess
import time
from pathlib import Path

from cli.broker.errors import BrokerUnavailable
from cli.broker.keeper import DISMISSAL, KEEPER

READY = "Kafka Server started"
START_LIMIT_S = 90.0
LAST_WORDS = 400


class Child:
    """One run of Kafka, logging to a file.

    It has a session of its own, so Ctrl-C in a terminal reaches only us and we end it in order; if we die without doing
    so, whatever the signal, its keeper kills it and removes the folder `remove`, if one is given.
    """

    def __init__(self, command: list[str], log: Path, *, remove: Path | None) -> None:
        self._log = log
        self._seen = log.stat().st_size if log.exists() else 0
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [*KEEPER, str(remove or ""), *command],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id of Java itself: the keeper's shell has become it."""
        return self._process.pid

    def is_running(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    def wait_ready(self) -> None:
        """Return when it serves. Raises BrokerUnavailable, with its last words, if it ends or takes too long."""
        limit = time.monotonic() + START_LIMIT_S
        while READY not in self.said():
            if not self.is_running():
                self.end(signal.SIGKILL)
                raise BrokerUnavailable(f"Kafka ended while it started; {self._log} closes with: {self._last_words()}")
            if time.monotonic() > limit:
                self.end(signal.SIGKILL)
                raise BrokerUnavailable(
                    f"Kafka did not start in {START_LIMIT_S:.0f} s; {self._log}: {self._last_words()}"
                )
            time.sleep(0.02)

    def said(self) -> str:
        """What this run has written so far."""
        with self._log.open("rb") as log:
            log.seek(self._seen)
            return log.read().decode("utf-8", errors="replace")

    def end(self, how: signal.Signals, *, patience_s: float = 10.0) -> None:
        """Send `how`, wait at most `patience_s` seconds, then kill. Nothing happens if it has ended already."""
        if self.is_running():
            os.kill(self.pid, how)
            try:
                self._process.wait(patience_s)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._dismiss_keeper()

    def _dismiss_keeper(self) -> None:
        pipe = self._process.stdin
        if pipe is None or pipe.closed:
            return
        try:
            pipe.write(DISMISSAL)
            pipe.close()
        except BrokenPipeError:
            # The keeper has gone already, killed together with the broker's process group.
            return

    def _last_words(self) -> str:
        return " | ".join(self.said()[-LAST_WORDS:].strip().splitlines()[-3:]) or "nothing"
