"""A real single-node Apache Kafka as a child process, for the demo, the tests and the benchmark.

Nothing needs to be installed beforehand: Java and the jars are looked for on the machine and else fetched once into the
user's cache folder, each file held to a committed checksum.
"""

from cli.broker.errors import BrokerUnavailable
from cli.broker.server import Broker, kafka_at, start_broker

__all__ = ["Broker", "BrokerUnavailable", "kafka_at", "start_broker"]
