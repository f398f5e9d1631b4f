"""Topics: names by role, how many partitions, how they are kept."""

from __future__ import annotations

from config.topics import Role, StageName, Topics

TOPICS = Topics("x.", 3, 8, 4)
STATES = (Role.ACCOUNTS_STATE, Role.BOARD_STATE)


def test_derived_topics_carry_the_generation_and_inputs_do_not() -> None:
    assert TOPICS.name_of("activity") == "x.sales.activity.v1"
    assert TOPICS.name_of(Role.CELLS) == "x.sales.cells.v1.g3"
    assert TOPICS.name_of(Role.BOARD_STATE) == "x.sales.board-state.v1.g3"
    assert TOPICS.name_of(Role.ALERTS) == "x.sales.alerts.v1"
    assert TOPICS.transactional_id(StageName.BOARD, 2) == "x.salespulse-board-g3-2"


def test_topics_of_a_slot_have_the_same_partitions() -> None:
    partitions = {topic.role: topic.partitions for topic in TOPICS.declarations()}
    assert partitions[Role.ACTIVITY] == partitions[Role.ACCOUNTS_STATE] == partitions[Role.DEAD_LETTERS] == 8
    assert partitions[Role.CELLS] == partitions[Role.ORGANISATION] == partitions[Role.BOARD_STATE] == 4


def test_truth_is_kept_for_ever_and_state_is_compacted() -> None:
    for topic in TOPICS.declarations():
        assert topic.configs["message.timestamp.type"] == "LogAppendTime"
        if topic.role in (*STATES, Role.REDRIVES, Role.KPIS, Role.ALERTS, Role.ALERT_ACTIONS):
            assert topic.configs["cleanup.policy"] == "compact"
        else:
            assert topic.configs["retention.ms"] == "-1"
