"""The launcher: a broker that serves, survives a kill with its records, and never outlives whoever started it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from cli.broker import Broker, BrokerUnavailable, kafka_at, start_broker
from cli.broker.ports import HIGHEST, free_pair, is_free

pytestmark = pytest.mark.takes(25)
ROOT = Path(__file__).parents[2]
PARENT = """
import signal, sys, time
from cli.broker import start_broker
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
broker = start_broker()
print(broker.pid, broker.folder, flush=True)
time.sleep(600)
"""


def eventually(holds: Callable[[], bool], *, within_s: float = 30.0) -> bool:
    """Whether `holds` becomes true in time."""
    limit = time.monotonic() + within_s
    while time.monotonic() < limit:
        if holds():
            return True
        time.sleep(0.05)
    return False


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not yet collected by its parent does not."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def create_topic(broker: Broker, name: str) -> None:
    """A topic of one partition."""
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    admin.create_topics([NewTopic(name, 1, 1)])
    admin.close()


def publish(broker: Broker, topic: str, values: list[bytes]) -> None:
    """Send records and have each acknowledged."""
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, acks="all")
    for value in values:
        producer.send(topic, value).get(10)
    producer.close()


def read(broker: Broker, topic: str, count: int) -> list[tuple[bytes, int]]:
    """Values and timestamp types of the first `count` records; fewer if none comes for ten seconds."""
    consumer = KafkaConsumer(
        bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=10_000
    )
    consumer.assign([TopicPartition(topic, 0)])
    records = []
    for record in consumer:
        records.append((record.value, record.timestamp_type))
        if len(records) == count:
            break
    consumer.close()
    return records


def test_acknowledged_records_survive_a_kill_and_carry_the_brokers_time(own_broker: Broker) -> None:
    create_topic(own_broker, "kept")
    publish(own_broker, "kept", [b"one", b"two"])
    first_run = own_broker.pid
    own_broker.kill()
    assert not is_alive(first_run)

    own_broker.restart()

    log_append_time = 1
    assert own_broker.pid != first_run
    assert read(own_broker, "kept", 2) == [(b"one", log_append_time), (b"two", log_append_time)]


def test_a_given_folder_keeps_its_records_and_a_stop_leaves_no_process(tmp_path: Path) -> None:
    with start_broker(folder=tmp_path / "kafka") as broker:
        create_topic(broker, "kept")
        publish(broker, "kept", [b"one"])
        pid = broker.pid
    assert not is_alive(pid)

    with start_broker(folder=tmp_path / "kafka") as again:
        assert [value for value, _ in read(again, "kept", 1)] == [b"one"]


def test_both_listeners_are_below_the_ports_of_outgoing_connections(own_broker: Broker) -> None:
    port = int(own_broker.bootstrap.rsplit(":", 1)[1])
    assert port + 1 < 32_768
    assert HIGHEST < 32_768
    assert not is_free(port)


def test_a_stop_removes_the_temporary_folder_and_can_be_said_twice() -> None:
    broker = start_broker()
    assert broker.folder.is_dir()
    broker.stop()
    broker.stop()
    assert not broker.folder.exists()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_broker_outlives_its_parent(how: signal.Signals) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT
    )
    assert parent.stdout is not None
    pid, folder = parent.stdout.readline().decode().split()
    assert is_alive(int(pid))

    os.kill(parent.pid, how)
    parent.wait(60)
    parent.stdout.close()

    assert eventually(lambda: not is_alive(int(pid)))
    assert eventually(lambda: not Path(folder).exists())


def test_a_taken_port_is_named() -> None:
    port = free_pair()
    with start_broker(port=port), pytest.raises(BrokerUnavailable, match=f"port {port} or {port + 1} is taken"):
        start_broker(port=port)


def test_a_broker_that_cannot_start_says_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(BrokerUnavailable, match=r"ended while it started; .*broker\.log"):
        start_broker(folder=tmp_path, heap_mb=1)


def test_an_address_of_ones_own_is_taken_as_it_is() -> None:
    with kafka_at("kafka.example:9092") as bootstrap:
        assert bootstrap == "kafka.example:9092"
