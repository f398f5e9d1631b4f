"""The peer: what an able engineer writes by hand in an afternoon, tuned. Counts by hour × rep × type, and NPS by rep.

confluent-kafka in batches, a typed msgspec decoder with just the fields it uses, dictionaries. It keeps nothing over a
crash, counts repeats twice and knows no revisions. `python -m bench.peers.hand_script BOOTSTRAP TOPIC EVENTS` prints
one line of JSON; the clock runs from the first batch in hand to the last event counted.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from datetime import datetime

import msgspec
from confluent_kafka import (  # type: ignore[import-not-found, unused-ignore]  # in the peers' environment only
    OFFSET_BEGINNING,
    Consumer,
    TopicPartition,
)

from bench.digest import hand_digest

BATCH_RECORDS = 1_000
WAIT_S = 1.0
HOUR_S = 3_600


class Facts(msgspec.Struct, gc=False):
    """The fields of `data` that are used."""

    rep: str = ""
    kind: str = ""
    score: int = -1


class Event(msgspec.Struct, gc=False):
    """The attributes of a CloudEvent that are used."""

    time: datetime
    type: str
    data: Facts = msgspec.field(default_factory=Facts)  # a void has none


class Counting:
    """The two aggregates."""

    def __init__(self) -> None:
        self.counts: dict[tuple[int, str, str], int] = {}
        self.answers: dict[str, list[int]] = {}
        self._decode = msgspec.json.Decoder(Event).decode

    def count(self, raw: bytes) -> None:
        """Count one event."""
        event = self._decode(raw)
        facts, kind = event.data, event.type
        second = int(event.time.timestamp())
        cell = ((second - second % HOUR_S) * 1000, facts.rep, kind)
        self.counts[cell] = self.counts.get(cell, 0) + 1
        if kind == "sales.survey.answered" and facts.kind == "nps":
            row = self.answers.get(facts.rep)
            if row is None:
                row = self.answers[facts.rep] = [0, 0, 0]
            row[0 if facts.score >= 9 else 1 if facts.score >= 7 else 2] += 1


def cpu_s() -> float:
    """CPU seconds used so far, librdkafka's threads included."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(bootstrap: str, topic: str, events: int) -> None:
    """Count ``events`` events of ``topic`` from its beginning."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "bench-hand-script",
            "enable.auto.commit": True,
            "fetch.queue.backoff.ms": 5,  # the default of a second stalls a quick consumer three to four times
        }
    )
    partitions = consumer.list_topics(topic, 10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in partitions])
    counting, done, began, used_before = Counting(), 0, 0.0, 0.0
    count = counting.count
    while done < events:
        records = consumer.consume(min(BATCH_RECORDS, events - done), WAIT_S)  # a short batch waits its time out
        if not records:
            continue
        if not began:
            began, used_before = time.perf_counter(), cpu_s()
        for record in records:
            count(record.value())
        done += len(records)
    seconds = time.perf_counter() - began
    outcome = {
        "events": done,
        "seconds": seconds,
        "cpu_s": cpu_s() - used_before,
        "core_s": cpu_s(),
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "digest": hand_digest(counting.counts, counting.answers),
    }
    print(json.dumps(outcome), flush=True)
    consumer.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
