"""Everything a start needs, prepared once per machine: Java, jars, a formatted folder, an archive of loaded classes."""

import hashlib
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cli.broker.cache import announced, built_once
from cli.broker.child import Child
from cli.broker.errors import BrokerUnavailable
from cli.broker.jars import jar_folder, pinned_jars
from cli.broker.java import Java, find_java
from cli.broker.ports import free_pair
from cli.broker.properties import CLUSTER, log_folder, write_properties

# Only the line that says it is up is wanted at INFO: the rest would be hundreds of lines a start.
LOGGING = [
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
]


@dataclass(frozen=True)
class Runtime:
    """What is needed to start brokers on this machine, all of it read-only."""

    java: Java
    jars: Path
    formatted: Path
    archive: Path | None

    def command(self, main: str, *arguments: str, options: list[str]) -> list[str]:
        """The command line of a Java program of Kafka's.

        The class path is spelled out in a fixed order, since an archive of classes is only valid for the same one.
        """
        class_path = ":".join(str(self.jars / jar.name) for jar in pinned_jars())
        shared = [f"-XX:SharedArchiveFile={self.archive}", "-Xshare:auto"] if self.archive else []
        # Serial collection: the lightest beside a Python process on a small machine.
        collector = ["-XX:+UseSerialGC", "-Xlog:disable", "-Xlog:all=error:stderr"]
        return [str(self.java.executable), *collector, *shared, *options, *LOGGING, "-cp", class_path, main, *arguments]


def heap(heap_mb: int, *, fast: bool) -> list[str]:
    """Options for a heap of at most `heap_mb` MiB; `fast` compiles lightly: quicker to start, slower under load."""
    return ["-Xms128m", f"-Xmx{heap_mb}m", *(["-XX:TieredStopAtLevel=1"] if fast else [])]


def prepare(cache: Path) -> Runtime:
    """Find or fetch Java and Kafka, train the start once, and return what a start needs. Raises BrokerUnavailable."""
    java = find_java(cache)
    jars = jar_folder(cache)
    key = hashlib.sha256(f"{java.executable}\n{java.version}\n{jars}\n".encode()).hexdigest()[:12]
    untrained = Runtime(java, jars, jars, None)
    trained = built_once(cache / f"start-{key}", lambda folder: _train(untrained, folder))
    archive = trained / "kafka.jsa"
    return Runtime(java, jars, trained / "formatted", archive if archive.is_file() else None)


def _train(runtime: Runtime, folder: Path) -> None:
    """Fill `folder` with a formatted record folder and the archive of the classes that one start loads.

    Formatting costs a Java start of its own and depends on no port, so its outcome is copied for each new broker.
    """
    with announced("Preparing a quick start, once"), tempfile.TemporaryDirectory(prefix="salespulse-kafka-") as temp:
        home = Path(temp)
        properties = str(write_properties(home, free_pair()))
        command = runtime.command("kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", properties, options=[])
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            reason = (done.stderr or done.stdout).strip().splitlines()[-1:]
            raise BrokerUnavailable(f"Kafka could not format {home} with {runtime.java.executable}: {reason}")
        shutil.copytree(log_folder(home), folder / "formatted")
        options = [*heap(384, fast=True), f"-XX:ArchiveClassesAtExit={folder / 'kafka.jsa'}"]
        child = Child(runtime.command("kafka.Kafka", properties, options=options), home / "broker.log", remove=home)
        child.wait_ready()
        child.end(signal.SIGTERM, patience_s=60)
