"""Topics are made once, found again, and refused where they can't work."""

from __future__ import annotations

import uuid

import pytest
from kafka.admin import KafkaAdminClient

from cli.topics import BrokerAway, WrongTopics, ensure_topics
from config.settings import Settings, load_settings


def settings_of(bootstrap: str) -> Settings:
    """Settings with topics of their own."""
    return load_settings(kafka_brokers=bootstrap, topic_prefix=f"c{uuid.uuid4().hex[:8]}.")


def test_topics_are_made_once_and_their_counts_read_from_the_cluster(kafka: str) -> None:
    settings = settings_of(kafka)
    counts = ensure_topics(settings)
    assert (counts["activity"], counts["cells"]) == (8, 4)
    later = settings.model_copy(update={"activity_partitions": 3})
    assert ensure_topics(later) == counts


def test_new_topics_follow_those_that_exist(kafka: str) -> None:
    settings = settings_of(kafka)
    wanted = {settings.topics.name_of("activity"): {"num_partitions": 5, "configs": {"retention.ms": "-1"}}}
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    admin.create_topics(wanted, wait_for_metadata=True)
    admin.close()
    counts = ensure_topics(settings)
    assert counts["accounts_state"] == counts["dead_letters"] == 5


def test_topics_that_can_not_work_are_refused(kafka: str) -> None:
    settings = settings_of(kafka)
    names = {role: settings.topics.name_of(role) for role in ("activity", "accounts_state", "organisation")}
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    state = {"num_partitions": 3, "configs": {"cleanup.policy": "compact"}}
    kept = {"num_partitions": 2, "configs": {"retention.ms": "-1"}}
    brief = {"num_partitions": 4, "configs": {"retention.ms": "60000", "max.message.bytes": "2000000"}}
    admin.create_topics(
        {names["activity"]: kept, names["accounts_state"]: state, names["organisation"]: brief}, wait_for_metadata=True
    )
    admin.close()
    with pytest.raises(WrongTopics) as caught:
        ensure_topics(settings)
    said = str(caught.value)
    assert "need the same number of partitions" in said
    assert f"topic {names['organisation']} has retention.ms=60000; it must be -1: " in said
    assert f"{names['organisation']} has max.message.bytes" not in said
    assert (
        f"topic {names['accounts_state']} has max.message.bytes=1048588; it must be 4194304 or more: kafka-configs.sh "
        f"--bootstrap-server {kafka} --alter --topic {names['accounts_state']} --add-config max.message.bytes=4194304"
    ) in said


def test_a_broker_that_is_away_is_waited_for_and_then_named() -> None:
    with pytest.raises(BrokerAway) as caught:
        ensure_topics(load_settings(kafka_brokers="127.0.0.1:1"), limit_s=0)
    assert str(caught.value) == "no Kafka broker answers at 127.0.0.1:1; start it or set KAFKA_BROKERS"
    with pytest.raises(BrokerAway, match=r"at 127\.0\.0\.1:1 for 1 s; start it"):
        ensure_topics(load_settings(kafka_brokers="127.0.0.1:1"), limit_s=1)
