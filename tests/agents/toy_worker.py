"""A worker process with a toy stage, started by the tests: ``python tests/agents/toy_worker.py accounts|board``."""

from __future__ import annotations

import sys

from agents.process import run_stage
from agents.stages import StageDeclaration
from cli.supervisor import die_with
from cli.topics import ensure_topics
from config.settings import load_settings
from config.topics import Role, StageName
from tests.simulation.toys import ToyAccounts, ToyBoard

TOYS = {
    "accounts": StageDeclaration(
        StageName.ACCOUNTS,
        (Role.ACTIVITY,),
        Role.ACCOUNTS_STATE,
        lambda _, counts: (
            lambda p: ToyAccounts(p, partitions=counts[Role.ACTIVITY], cells_partitions=counts[Role.CELLS])
        ),
    ),
    "board": StageDeclaration(
        StageName.BOARD, (Role.CELLS, Role.ORGANISATION), Role.BOARD_STATE, lambda _, __: ToyBoard
    ),
}

if __name__ == "__main__":
    die_with(int(sys.argv[2]))
    settings = load_settings()
    sys.exit(run_stage(TOYS[sys.argv[1]], settings, ensure_topics(settings)))
