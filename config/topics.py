"""Every topic of the engine: its role, its name, how many partitions it has and how the broker keeps it.

This is the only place that spells a topic name; all other code speaks of roles ("activity", "cells", …). State and
derived topics carry the generation in their name, so that the next generation can be built beside the present one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

MAX_RECORD_BYTES = 1_048_576
LARGE_RECORD_BYTES = 4 * MAX_RECORD_BYTES


class Role(StrEnum):
    """What a topic is for."""

    ACTIVITY = "activity"
    ORGANISATION = "organisation"
    DEAD_LETTERS = "dead_letters"
    REDRIVES = "redrives"
    ALERTS = "alerts"
    ALERT_ACTIONS = "alert_actions"
    REPORTS = "reports"
    CELLS = "cells"
    KPIS = "kpis"
    ACCOUNTS_STATE = "accounts_state"
    BOARD_STATE = "board_state"


class StageName(StrEnum):
    """The two stages; each is an application of its own with a consumer group of its own."""

    ACCOUNTS = "accounts"
    BOARD = "board"


_KEPT = {
    Role.ACTIVITY: "sales.activity.v1",
    Role.ORGANISATION: "sales.organisation.v1",
    Role.DEAD_LETTERS: "sales.dead-letters.v1",
    Role.REDRIVES: "sales.redrives.v1",
    # What somebody acknowledged can't be computed again: alerts outlive a generation.
    Role.ALERTS: "sales.alerts.v1",
    Role.ALERT_ACTIONS: "sales.alert-actions.v1",
    # Nobody wants last week's report again because a generation was built.
    Role.REPORTS: "sales.reports.v1",
}
_DERIVED = {
    Role.CELLS: "sales.cells.v1",
    Role.KPIS: "sales.kpis.v1",
    Role.ACCOUNTS_STATE: "sales.accounts-state.v1",
    Role.BOARD_STATE: "sales.board-state.v1",
}


@dataclass(frozen=True)
class TopicDeclaration:
    """How a topic has to look on the cluster. ``configs`` are broker settings by their Kafka names."""

    role: Role
    name: str
    partitions: int
    configs: Mapping[str, str]


@dataclass(frozen=True)
class Topics:
    """Names and declarations of one installation."""

    prefix: str
    generation: int
    activity_partitions: int
    cells_partitions: int

    def name_of(self, role: str) -> str:
        """The topic that plays ``role``."""
        wanted = Role(role)
        return self.prefix + (_KEPT[wanted] if wanted in _KEPT else f"{_DERIVED[wanted]}.g{self.generation}")

    def group_of(self, stage: StageName) -> str:
        """The consumer group of a stage, which is also its application id."""
        return f"{self.prefix}salespulse-{stage}-g{self.generation}"

    def transactional_id(self, stage: StageName, partition: int) -> str:
        """The id under which the owner of a slot writes. Opening it anew fences whoever wrote under it before."""
        return f"{self.group_of(stage)}-{partition}"

    def alerting_id(self, partition: int) -> str:
        """The transactional id under which a partition's alerts are judged, by one worker of whatever generation."""
        return f"{self.prefix}salespulse-alerts-{partition}"

    def publishing_id(self, partition: int) -> str:
        """The transactional id under which a partition's values are published."""
        return f"{self.prefix}salespulse-kpis-g{self.generation}-{partition}"

    def declarations(self) -> list[TopicDeclaration]:
        """All topics, as they have to be created."""
        partitions = {Role.ACTIVITY: self.activity_partitions, Role.DEAD_LETTERS: self.activity_partitions}
        partitions |= {Role.ACCOUNTS_STATE: self.activity_partitions, Role.REDRIVES: 1, Role.REPORTS: 1}
        forever = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
        compacted = {
            "cleanup.policy": "compact",
            "min.cleanable.dirty.ratio": "0.2",
            "segment.bytes": str(64 * MAX_RECORD_BYTES),
        }
        # Cells are kept for ever too: a BOARD that was down for longer than a retention could not go on without a gap.
        # A dead letter is a record as large as any, with headers; a row is bounded by what it holds, not in bytes.
        roomy = {"max.message.bytes": str(LARGE_RECORD_BYTES)}
        own = {Role.ACCOUNTS_STATE: compacted | roomy, Role.BOARD_STATE: compacted | roomy, Role.REDRIVES: compacted}
        own[Role.DEAD_LETTERS] = forever | roomy
        own |= {Role.ALERTS: compacted, Role.ALERT_ACTIONS: compacted}
        # Read whole at every takeover, and not compacted in its newest segment: so that one is small.
        own[Role.KPIS] = compacted | {"segment.bytes": str(16 * MAX_RECORD_BYTES)}
        every = {"message.timestamp.type": "LogAppendTime", "max.message.bytes": str(MAX_RECORD_BYTES)}
        return [
            TopicDeclaration(
                role, self.name_of(role), partitions.get(role, self.cells_partitions), every | own.get(role, forever)
            )
            for role in Role
        ]
