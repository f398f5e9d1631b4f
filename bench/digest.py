"""The digest of what the hand script counts. Standard library only: the script's own environment computes it too."""

from __future__ import annotations

import json
from hashlib import sha256


def hand_digest(counts: dict[tuple[int, str, str], int], answers: dict[str, list[int]]) -> str:
    """Over {(hour in epoch ms, rep, type): n} and {rep: [promoters, passives, detractors]}."""
    rows = sorted([hour, rep, kind, n] for (hour, rep, kind), n in counts.items())
    classes = sorted([rep, row] for rep, row in answers.items())
    return sha256(json.dumps([rows, classes], separators=(",", ":")).encode()).hexdigest()[:16]
