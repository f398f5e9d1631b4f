"""Kafka chores of the benchmark, done by librdkafka to be quick: publish a log, watch a group, read cells back.

`python -m bench.peers.kafka_desk publish|watch|collect …`; each prints one line of JSON when it is done.
"""

from __future__ import annotations

import json
import struct
import sys
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

from confluent_kafka import (  # type: ignore[import-not-found, unused-ignore]  # in the peers' environment only
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)

POLL_S = 0.05
COORDINATOR_MOVES = {
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.NOT_COORDINATOR,
}
"""What a broker answers for a moment while a group finds its place; asked again it knows."""
FRAME = struct.Struct("<qI")  # timestamp in ms, length of the value that follows


def say(**outcome: object) -> None:
    """Tell whoever started this."""
    print(json.dumps(outcome), flush=True)


def publish(bootstrap: str, topic: str, folder: str) -> None:
    """Send a plain log in one transaction, say that it is there, and commit it when a line comes in.

    Until then nobody sees it, and then all of it at once: so a worker that waits for it starts at a known moment.
    """
    home, refused = Path(folder), list[str]()
    values, keys = (home / "values.bin").read_bytes(), (home / "keys.bin").read_bytes()
    sizes, partitions = (
        array("i", (home / "sizes.i32").read_bytes()),
        array("i", (home / "partitions.i32").read_bytes()),
    )
    width = len(keys) // len(sizes)
    producer = _transactional(bootstrap, topic)

    def delivered(error: Any, _: Any) -> None:
        if error is not None:
            refused.append(str(error))

    start = 0
    for n, (size, partition) in enumerate(zip(sizes, partitions, strict=True)):
        value, key = values[start : start + size], keys[n * width : (n + 1) * width]
        start += size
        while True:
            try:
                producer.produce(topic, value, key, partition, on_delivery=delivered)
                break
            except BufferError:
                producer.poll(POLL_S)
        if not n % 1_000:
            producer.poll(0)
    producer.flush()
    say(sent=len(sizes), refused=refused[:3])
    sys.stdin.readline()
    seen_from = time.time()
    producer.commit_transaction()
    say(seen_from=seen_from)


def _transactional(bootstrap: str, topic: str) -> Producer:
    """A producer with an open transaction, set up for bulk."""
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "transactional.id": f"bench-{topic}-{time.time_ns()}",
            "transaction.timeout.ms": 60_000,
            "linger.ms": 50,
            "batch.size": 262_144,
            "batch.num.messages": 10_000,
            "queue.buffering.max.messages": 500_000,
            "queue.buffering.max.kbytes": 400_000,
        }
    )
    producer.init_transactions()
    producer.begin_transaction()
    return producer


def watch(bootstrap: str, topic: str, group: str, limit_s: str) -> None:
    """Wait until a group's committed offsets have reached the ends of a topic."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "enable.auto.commit": False})
    partitions = [TopicPartition(topic, p) for p in consumer.list_topics(topic, 10).topics[topic].partitions]
    ends = {tp.partition: consumer.get_watermark_offsets(tp, 10)[1] for tp in partitions}
    until = time.monotonic() + float(limit_s)
    behind = dict(ends)
    while behind and time.monotonic() < until:
        time.sleep(0.25)
        try:
            found = {tp.partition: tp.offset for tp in consumer.committed(partitions, 10)}
        except KafkaException as exc:
            if exc.args[0].code() not in COORDINATOR_MOVES:
                raise
            continue
        behind = {p: end - max(found[p], 0) for p, end in ends.items() if found[p] < end}
    consumer.close()
    say(reached=not behind, behind=behind)


def collect(bootstrap: str, topic: str, file: str) -> None:
    """Write every committed record of a topic to ``file``: timestamp, length, value."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "bench-desk",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )
    partitions = consumer.list_topics(topic, 10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, p, OFFSET_BEGINNING) for p in partitions])
    open_ends, count = set(partitions), 0
    with Path(file).open("wb") as out:
        while open_ends:
            for record in consumer.consume(1_000, 1.0):
                if record.error() is not None:
                    open_ends.discard(record.partition())
                    continue
                value = record.value() or b""
                out.write(FRAME.pack(record.timestamp()[1], len(value)) + value)
                count += 1
    consumer.close()
    say(records=count)


if __name__ == "__main__":
    CHORES: dict[str, Callable[..., None]] = {"publish": publish, "watch": watch, "collect": collect}
    CHORES[sys.argv[1]](*sys.argv[2:])
