"""docker-compose.yml as plain processes: each container's command and health check, with ports of this machine."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "docker-compose.yml"
LISTENED = {"kafka": (9092, 19092, 9093), "worker": (9101, 9102), "gateway": (8080,), "redis": (6379,)}
LISTENED |= {"prometheus": (9090,), "alertmanager": (9093,)}
HEALTHY_LIMIT_S = 150.0

Service = dict[str, Any]


def services() -> dict[str, Service]:
    """The services of the compose file, by name."""
    found: dict[str, Service] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


def variables_of(service: Service) -> dict[str, str]:
    """A container's environment: its env files, as their examples are, and what the compose file says."""
    found: dict[str, str] = {}
    for name in service.get("env_file", []):
        lines = (ROOT / f"{name}.example").read_text().splitlines()
        found |= dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return found | {name: str(value) for name, value in service.get("environment", {}).items()}


class Harbour:
    """Ports of this machine in the place of the containers' host names, and the processes that use them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ports = dict(zip(places := list(_places()), free_ports(len(places)), strict=True))
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def port(self, name: str, inside: int) -> int:
        """Where this machine has what a container listens on ``inside``."""
        return self._ports[name, inside]

    def local(self, text: str, own: str = "") -> str:
        """``text`` with this machine's addresses for `kafka:9092` and the like, and for the ports of ``own`` itself."""
        for (name, inside), port in self._ports.items():
            hosts = [name, *(("127.0.0.1", "0.0.0.0", "localhost", "") if name == own else ())]
            for host in hosts:
                text = re.sub(rf"(?<![\w.]){re.escape(host)}:{inside}\b", f"127.0.0.1:{port}", text)
        return text

    def start(self, name: str, command: Iterable[str], variables: dict[str, str] | None = None) -> None:
        """Start a container's command in an empty folder, with nothing but ``variables`` in its environment."""
        home = self.folder / name
        home.mkdir()
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen([*command], cwd=home, env=variables, stdout=log, stderr=log)
        self._running[name] = process

    def said(self, name: str) -> str:
        """What it logged."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def until_healthy(self, name: str, check: list[str], variables: dict[str, str] | None = None) -> None:
        """Return when the health check says so."""
        limit = time.monotonic() + HEALTHY_LIMIT_S
        while (found := subprocess.run(check, env=variables, capture_output=True, check=False)).returncode:
            assert self._running[name].poll() is None, self.said(name)
            assert time.monotonic() < limit, found.stderr.decode() + self.said(name)
            time.sleep(0.3)

    def end(self, name: str, limit_s: float) -> int:
        """Send SIGTERM, as an engine does; the exit code, which has to come within ``limit_s``."""
        process = self._running.pop(name)
        process.terminate()
        try:
            return process.wait(limit_s)
        finally:
            process.kill()

    def close(self) -> None:
        """Kill whatever is left."""
        for process in self._running.values():
            process.kill()
            process.wait()


def _places() -> Iterable[tuple[str, int]]:
    return ((name, port) for name, ports in LISTENED.items() for port in ports)


def free_ports(count: int) -> list[int]:
    """As many ports, below those that outgoing connections take."""
    from cli.broker.ports import free_pair

    found: set[int] = set()
    while len(found) < count:
        port = free_pair()
        found |= {port, port + 1}
    return sorted(found)[:count]


def salespulse(harbour: Harbour, name: str, service: Service) -> dict[str, str]:
    """The environment of one of our own containers, on this machine's ports."""
    variables = {key: harbour.local(value, name) for key, value in variables_of(service).items()}
    ours = {"SALESPULSE_HOST": "127.0.0.1", "SALESPULSE_PORT": str(harbour.port("gateway", 8080))}
    # As on a read-only file system: what is in the image can be read, nothing can be written.
    ours["XDG_CACHE_HOME"] = "/dev/null/cache"
    ours["SALESPULSE_METRICS_PORT_ACCOUNTS"] = str(harbour.port("worker", 9101))
    ours["SALESPULSE_METRICS_PORT_BOARD"] = str(harbour.port("worker", 9102))
    return variables | ours


def command_of(words: list[str]) -> list[str]:
    """`salespulse` of this environment in the place of the image's."""
    return [sys.executable, "-m", "cli.main", *(words[1:] if words[0] == "salespulse" else words)]


def properties(harbour: Harbour, logs: Path) -> str:
    """server.properties, as Kafka's image makes it of the variables that begin with KAFKA_."""
    lines = []
    for name, value in variables_of(services()["kafka"]).items():
        if name.startswith("KAFKA_") and name != "KAFKA_HEAP_OPTS":
            lines.append(f"{name.removeprefix('KAFKA_').lower().replace('_', '.')}={harbour.local(value, 'kafka')}")
    return "\n".join([*(line for line in lines if not line.startswith("log.dirs=")), f"log.dirs={logs}", ""])


def is_listening(port: int) -> bool:
    """Whether somebody answers there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
