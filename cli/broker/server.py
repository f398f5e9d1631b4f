"""A broker as its user sees it: start, kill, restart, stop."""

import atexit
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.broker.child import Child
from cli.broker.errors import BrokerUnavailable
from cli.broker.ports import free_pair, is_free
from cli.broker.properties import log_folder, write_properties
from cli.broker.runtime import Runtime, heap, prepare
from config.machine import cache_folder

PORT_TRIES = 3
IN_USE = "Address already in use"


class Broker:
    """One single-node Apache Kafka, a child process that dies with this one; as a context, stopped at its end."""

    def __init__(self, runtime: Runtime, folder: Path, port: int, options: list[str], *, temporary: bool) -> None:
        """Prepare the broker's folder; `_start` runs it. Made by `start_broker` only."""
        self.bootstrap = f"127.0.0.1:{port}"
        self.folder = folder
        self.log = folder / "broker.log"
        self._temporary = temporary
        if not log_folder(folder).exists():
            shutil.copytree(runtime.formatted, log_folder(folder))
        properties = write_properties(folder, port)
        self._command = runtime.command("kafka.Kafka", str(properties), options=options)
        self._child = self._start()
        atexit.register(self.stop)

    @property
    def pid(self) -> int:
        """The process id of the present run."""
        return self._child.pid

    def is_running(self) -> bool:
        """Whether the present run has not ended."""
        return self._child.is_running()

    def kill(self) -> None:
        """End the process with SIGKILL, as a crash would; its folder stays as it is."""
        self._child.end(signal.SIGKILL)

    def restart(self) -> None:
        """Start again on the same port and folder, killing the present run if there is one; wait until it serves."""
        self.kill()
        self._child = self._start()
        self._child.wait_ready()

    def stop(self) -> None:
        """End it with SIGTERM, after ten seconds with SIGKILL; a folder made for it goes. A second call is idle."""
        atexit.unregister(self.stop)
        self._child.end(signal.SIGTERM)
        if self._temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def wait_ready(self) -> bool:
        """Wait until it serves; False if another process took its port meanwhile, else raises BrokerUnavailable."""
        try:
            self._child.wait_ready()
        except BrokerUnavailable:
            if IN_USE not in self._child.said():
                raise
            return False
        return True

    def __enter__(self) -> "Broker":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self) -> Child:
        return Child(self._command, self.log, remove=self.folder if self._temporary else None)


def start_broker(
    *, folder: Path | None = None, port: int | None = None, fast: bool = True, heap_mb: int = 384
) -> Broker:
    """Start a broker and return it when it serves.

    `folder` keeps its records from run to run; without one it gets a temporary folder that goes when it stops. `port`
    is for clients, the port after it for its controller; without one both are free ports below 32768. `fast` starts
    quicker and is slower under load: a benchmark says False. Raises BrokerUnavailable.
    """
    runtime = prepare(cache_folder())
    options = heap(heap_mb, fast=fast)
    if port is not None and not (is_free(port) and is_free(port + 1)):
        raise BrokerUnavailable(
            f"port {port} or {port + 1} is taken; choose another, or leave the choice to the launcher"
        )
    for _ in range(PORT_TRIES):
        home = folder or Path(tempfile.mkdtemp(prefix="salespulse-kafka-"))
        home.mkdir(parents=True, exist_ok=True)
        broker = Broker(runtime, home, port or free_pair(), options, temporary=folder is None)
        serves = False
        try:
            serves = broker.wait_ready()
        finally:
            if not serves:
                broker.stop()
        if serves:
            return broker
    raise BrokerUnavailable(f"{PORT_TRIES} times another process took the chosen port; give one with `port`")


@contextmanager
def kafka_at(configured: str | None) -> Iterator[str]:
    """Yield a bootstrap address: `configured` (what KAFKA_BROKERS says), else that of a broker started for it."""
    if configured:
        yield configured
        return
    with start_broker() as broker:
        yield broker.bootstrap
