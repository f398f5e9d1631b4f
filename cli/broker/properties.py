"""The settings of a single node that is broker and controller in one."""

from pathlib import Path

CLUSTER = "MkU3OEVBNTcwNTJENDM2Qg"

SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
log.dirs={logs}

# One node: nothing can be replicated.
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=2

# A worker that died inside a transaction holds back every reader until its timeout: look often, allow a minute at most.
transaction.max.timeout.ms=60000
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000

# After a kill the controller waits for the old session to end before it lets the broker in again.
broker.session.timeout.ms=1000
broker.heartbeat.interval.ms=200
group.initial.rebalance.delay.ms=0

# The receipt of a record is the broker's time, and a topic exists because somebody declared it.
log.message.timestamp.type=LogAppendTime
auto.create.topics.enable=false

# Small machine: index files of 1 MiB a segment instead of 10, few threads, a small compaction buffer.
log.index.size.max.bytes=1048576
log.cleaner.dedupe.buffer.size=8388608
log.cleaner.backoff.ms=1000
num.network.threads=2
num.io.threads=4
"""


def write_properties(folder: Path, port: int) -> Path:
    """Write server.properties into `folder` for a broker on `port` with its controller on the next; return the file."""
    file = folder / "server.properties"
    file.write_text(SETTINGS.format(port=port, controller=port + 1, logs=log_folder(folder)), encoding="utf-8")
    return file


def log_folder(folder: Path) -> Path:
    """Where a broker with this folder keeps its records."""
    return folder / "records"
