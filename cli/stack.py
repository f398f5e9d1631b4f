"""The whole pipeline as child processes: a broker (or one's own), topics, a worker, a gateway. All end with us."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from types import TracebackType

from cli.broker import Broker, BrokerUnavailable, start_broker
from cli.broker.keeper import DISMISSAL, KEEPER
from cli.broker.ports import is_free
from cli.topics import ensure_topics
from config.settings import PREFIX, load_settings

READY_LIMIT_S = 90.0
STOP_LIMIT_S = 30.0
PORTS_TRIED = 50
LOOK_EVERY_S = 0.5
LONG_LIFE_S = 30.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 10.0
LAST_LINES = 12

Say = Callable[[str], None]


def end_on_signals() -> None:
    """Let SIGTERM end this process as Ctrl-C does: with KeyboardInterrupt, so that what it started is stopped in order.

    A shell lets its background jobs ignore Ctrl-C; set anew, SIGINT ends those as well.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda _number, _frame: signal.raise_signal(signal.SIGINT))


class StackFailed(Exception):
    """Something did not start or ended early. The text says what, and how its log ends."""


class Kept:
    """A `salespulse` subcommand as a child process with settings of its own.

    When this process is gone, whatever ended it, the child is killed and the folder of its log removed.
    """

    def __init__(self, arguments: list[str], settings: Mapping[str, str], log: Path) -> None:
        self.name = " ".join(arguments)
        self.arguments, self.settings = arguments, settings
        self.log = log
        # `env` sets the variables, so that nothing here has to read the environment that the child inherits.
        variables = [f"{name}={value}" for name, value in settings.items()]
        command = ["env", *variables, sys.executable, "-m", "cli.main", *arguments]
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [*KEEPER, str(log.parent), *command],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id of the subcommand itself."""
        return self._process.pid

    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if self.is_running():
            os.kill(self.pid, number)

    def wait(self, limit_s: float = STOP_LIMIT_S) -> None:
        """Wait until it ends, at the latest kill it; then its keeper goes too."""
        try:
            self._process.wait(limit_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        pipe = self._process.stdin
        if pipe is not None and not pipe.closed:
            try:
                pipe.write(DISMISSAL)
                pipe.close()
            except BrokenPipeError:
                return  # the keeper went with its process group

    def last_lines(self) -> str:
        """How its log ends."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-LAST_LINES:])


class Stack:
    """Everything a running SalesPulse needs. As a context: started at its beginning, stopped at its end.

    ``brokers``: a Kafka of one's own; None starts one, at ``broker_port`` if that matters, and in ``folder`` if its
    records are to be kept. ``settings`` are variables for worker and gateway. The gateway's port is ``port``, or the
    next free one. Without ``worker`` none is started: somebody does so with `start`. Without ``wait`` it is entered
    before the gateway is ready: somebody calls `wait_ready`. What ends by itself fails `check`, or is started again
    once `keep` was called.
    """

    def __init__(
        self,
        *,
        brokers: str | None,
        port: int,
        settings: Mapping[str, str],
        folder: Path | None = None,
        broker_port: int | None = None,
        worker: bool = True,
        wait: bool = True,
        say: Say = lambda _text: None,
    ) -> None:
        self.logs = Path(tempfile.mkdtemp(prefix="salespulse-logs-"))
        self.port = next((p for p in range(port, port + PORTS_TRIED) if is_free(p)), port)
        self.address = f"http://127.0.0.1:{self.port}"
        self.brokers = brokers or ""
        self._given = dict(settings)
        if "public_url" not in load_settings().model_fields_set:
            self._given.setdefault(f"{PREFIX}PUBLIC_URL", self.address)
        self._folder, self._broker_port, self._worker, self._wait = folder, broker_port, worker, wait
        self._say = say
        self._broker: Broker | None = None
        self._children: list[Kept] = []
        self._numbers = count()
        self._reviving: threading.Thread | None = None
        self._is_over = threading.Event()
        self._failure: StackFailed | None = None

    def __enter__(self) -> Stack:
        try:
            self._start()
        except BaseException as error:  # Ctrl-C, too: what was started is stopped, and it goes on
            self._close(error)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close(error)

    def _close(self, error: BaseException | None) -> None:
        self.stop()
        if error is None or isinstance(error, KeyboardInterrupt) or not any(self.logs.iterdir()):
            # After a failure logs stay, if there are any: they are what somebody will want to read.
            shutil.rmtree(self.logs, ignore_errors=True)

    def _start(self) -> None:
        if not self.brokers:
            self._say("starting Kafka")
            self._broker = start_broker(folder=self._folder, port=self._broker_port)
            self.brokers = self._broker.bootstrap
        self._say(f"creating topics at {self.brokers}")
        overrides = {name.removeprefix(PREFIX).lower(): value for name, value in self._given.items()}
        ensure_topics(load_settings(kafka_brokers=self.brokers, **overrides))
        self._say("starting gateway and worker")
        self.start("gateway", SALESPULSE_PORT=str(self.port))
        if self._worker:
            self.start("worker")
        if self._wait:
            self.wait_ready()

    def start(self, *arguments: str, **settings: str) -> Kept:
        """Start another child, such as a second worker; it is stopped with the rest."""
        number = next(self._numbers)
        given = {"KAFKA_BROKERS": self.brokers} | self._given | settings
        child = Kept(list(arguments), given, self.logs / f"{number}-{arguments[0]}.log")
        self._children.append(child)
        return child

    def keep(self) -> None:
        """From now on start again what ends by itself, the broker too, as a container engine would."""
        self._reviving = threading.Thread(target=self._revive, daemon=True)
        self._reviving.start()

    def _revive(self) -> None:
        pause_s, revived_s = FIRST_PAUSE_S, 0.0
        while not self._is_over.wait(LOOK_EVERY_S):
            ended = [child for child in self._children if not child.is_running()]
            is_brokerless = self._broker is not None and not self._broker.is_running()
            if not ended and not is_brokerless:
                continue
            # What ends again and again is started ever less often.
            lived_s, revived_s = time.monotonic() - revived_s, time.monotonic()
            pause_s = FIRST_PAUSE_S if lived_s > LONG_LIFE_S else min(2 * pause_s, LONGEST_PAUSE_S)
            if self._is_over.wait(pause_s):
                return
            names = [child.name for child in ended] + ["broker"] * is_brokerless
            self._say(f"{', '.join(names)} ended by itself: starting it again")
            try:
                if self._broker is not None and is_brokerless:
                    self._broker.restart()
            except BrokerUnavailable as exc:
                self._failure = StackFailed(str(exc))
                return
            for child in ended:
                child.wait()
                self._children[self._children.index(child)] = Kept(child.arguments, child.settings, child.log)

    def check(self) -> None:
        """Raise StackFailed if a child has ended by itself and nobody starts it again."""
        if self._failure is not None:
            raise self._failure
        for child in self._children if self._reviving is None else ():
            if not child.is_running():
                raise StackFailed(f"the {child.name} ended; its log {child.log} closes with:\n{child.last_lines()}")

    def leave(self, child: Kept, number: signal.Signals = signal.SIGTERM) -> None:
        """End one child on purpose."""
        child.send(number)
        child.wait()
        self._children.remove(child)

    def stop(self) -> None:
        """End everything: worker and gateway together, then the broker. A second call is idle."""
        self._is_over.set()
        if self._reviving is not None:
            self._reviving.join()
        for child in self._children:
            child.send(signal.SIGTERM)
        for child in self._children:
            child.wait()
        self._children.clear()
        if self._broker is not None:
            self._broker.stop()
            self._broker = None

    def wait_ready(self) -> None:
        """Return when the gateway answers. Raises StackFailed if it takes too long, or a child has ended."""
        limit = time.monotonic() + READY_LIMIT_S
        while True:
            self.check()
            try:
                with urllib.request.urlopen(f"{self.address}/readyz", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                if time.monotonic() > limit:
                    raise StackFailed(
                        f"the gateway is not ready after {READY_LIMIT_S:.0f} s; see {self.logs}"
                    ) from None
                time.sleep(0.2)
