"""`salespulse topics`: create what is missing, check what is there. Worker, gateway and demo start with the same."""

from __future__ import annotations

import logging
import math
import sys
import time
from typing import Any

import typer

from cli.endings import UsageError, fail
from config.settings import Settings, load_settings
from config.topics import Role, TopicDeclaration

CONNECT_LIMIT_S = 60.0
ATTEMPT_MS = 3_000
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 5.0
TOPIC_EXISTS = 36

# What would lose records (kept too briefly, thinned out, refused for their size) or their times.
CHECKED = ("cleanup.policy", "message.timestamp.type", "retention.ms", "retention.bytes", "max.message.bytes")
LEAST = frozenset({"max.message.bytes"})
TOGETHER = (
    (Role.ACTIVITY, Role.DEAD_LETTERS, Role.ACCOUNTS_STATE),
    (Role.CELLS, Role.ORGANISATION, Role.BOARD_STATE, Role.KPIS, Role.ALERTS, Role.ALERT_ACTIONS),
    (Role.REDRIVES,),
    (Role.REPORTS,),
)


class WrongTopics(UsageError):
    """Topics that exist, but can't be used as they are."""


class BrokerAway(Exception):
    """No broker answered for as long as one was waited for."""


def topics() -> None:
    """Create the topics that are missing and check the others; prints each with its partitions."""
    settings = load_settings()
    try:
        counts = ensure_topics(settings)
    except BrokerAway as exc:
        raise fail(str(exc)) from None
    for declaration in settings.topics.declarations():
        typer.echo(
            f"{declaration.name}  {counts[declaration.role]} partitions  {declaration.configs['cleanup.policy']}"
        )


def ensure_topics(settings: Settings, *, limit_s: float = CONNECT_LIMIT_S) -> dict[str, int]:
    """Partitions of every topic, by role, after creating those that are missing. Idempotent.

    While no broker answers, says so once and tries again for ``limit_s``, then raises BrokerAway. Raises WrongTopics.
    """
    from kafka.errors import KafkaError

    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # it logs every attempt; the line below says it once
    brokers, until, pause_s, said = settings.kafka_brokers, time.monotonic() + limit_s, FIRST_PAUSE_S, False
    while True:
        try:
            return _ensure_once(settings)
        except (KafkaError, OSError, ValueError) as exc:
            if time.monotonic() + pause_s > until:
                how_long = f" for {limit_s:.0f} s" if limit_s >= 1 else ""
                raise BrokerAway(
                    f"no Kafka broker answers at {brokers}{how_long}{_unusual(exc)}; start it or set KAFKA_BROKERS"
                ) from None
            if not said:
                how_long = "until one does" if limit_s == math.inf else f"for {limit_s:.0f} s"
                sys.stderr.write(f"salespulse: no Kafka broker answers at {brokers}; trying again {how_long}\n")
                said = True
            time.sleep(pause_s)
            pause_s = min(pause_s * 1.5, LONGEST_PAUSE_S)


def _unusual(exc: Exception) -> str:
    """What kept a broker from answering, if it wasn't just silence: the client's name for that says nothing more."""
    from kafka.errors import KafkaConnectionError, KafkaTimeoutError

    silent = (KafkaConnectionError, KafkaTimeoutError)
    return "" if isinstance(exc, silent) else f" ({type(exc).__name__})"


def _ensure_once(settings: Settings) -> dict[str, int]:
    from kafka.admin import KafkaAdminClient

    admin = KafkaAdminClient(bootstrap_servers=settings.kafka_brokers, bootstrap_timeout_ms=ATTEMPT_MS)
    try:
        return _ensure(admin, settings)
    finally:
        admin.close()


def _ensure(admin: Any, settings: Settings) -> dict[str, int]:
    declared = settings.topics.declarations()
    found = _partitions(admin, declared)
    missing = [topic for topic in declared if topic.role not in found]
    for topic in missing:
        _create(admin, topic, _count_for(topic, found))
    found = _partitions(admin, declared) if missing else found
    problems = _problems(admin, settings, declared, found)
    if problems:
        raise WrongTopics("\n".join(problems))
    return {str(role): count for role, count in found.items()}


def _partitions(admin: Any, declared: list[TopicDeclaration]) -> dict[Role, int]:
    """Partitions of the declared topics that exist."""
    described = {topic["name"]: topic for topic in admin.describe_topics([topic.name for topic in declared])}
    return {
        topic.role: len(described[topic.name]["partitions"])
        for topic in declared
        if not described[topic.name]["error_code"]
    }


def _count_for(topic: TopicDeclaration, found: dict[Role, int]) -> int:
    """Partitions for a new topic: as many as those that exist and must agree with it have."""
    together = next(roles for roles in TOGETHER if topic.role in roles)
    return next((found[role] for role in together if role in found), topic.partitions)


def _create(admin: Any, topic: TopicDeclaration, partitions: int) -> None:
    wanted = {topic.name: {"num_partitions": partitions, "configs": dict(topic.configs)}}
    answer = admin.create_topics(wanted, raise_errors=False, wait_for_metadata=True)["topics"][0]
    if answer["error_code"] not in (0, TOPIC_EXISTS):
        raise WrongTopics(f"topic {topic.name} can't be created: {answer['error_message']}")


def _problems(admin: Any, settings: Settings, declared: list[TopicDeclaration], found: dict[Role, int]) -> list[str]:
    problems = []
    for together in TOGETHER:
        counts = {settings.topics.name_of(role): found.get(role, 0) for role in together}
        if len(set(counts.values())) != 1:
            listed = ", ".join(f"{name} has {count}" for name, count in counts.items())
            problems.append(
                f"these topics need the same number of partitions, but {listed}; "
                "recreate them or use another SALESPULSE_GENERATION"
            )
    problems += [problem for topic in declared for problem in _wrong_configs(admin, settings.kafka_brokers, topic)]
    return problems


def _wrong_configs(admin: Any, brokers: str, topic: TopicDeclaration) -> list[str]:
    from kafka.admin import ConfigResource, ConfigResourceType

    wanted = {name: topic.configs[name] for name in CHECKED if name in topic.configs}
    asked = [ConfigResource(ConfigResourceType.TOPIC, topic.name, list(wanted))]
    actual = admin.describe_configs(asked, config_filter="all")["topic"][topic.name]
    alter = f"kafka-configs.sh --bootstrap-server {brokers} --alter --topic {topic.name} --add-config"
    return [
        f"topic {topic.name} has {name}={actual[name]['value']}; it must be {value}"
        f"{' or more' if name in LEAST else ''}: {alter} {name}={value}"
        for name, value in wanted.items()
        if not _fits(name, str(actual[name]["value"]), value)
    ]


def _fits(name: str, found: str, wanted: str) -> bool:
    return int(found) >= int(wanted) if name in LEAST else found == wanted
