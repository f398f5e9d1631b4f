"""What is behind a number, as JSON."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.behind.desk import Found, agrees
from gateway.behind.question import Amounts, Question
from gateway.behind.rows import Row
from gateway.letters.shown import instant
from schemas.event import NAME_OF
from stream.board.reference.roster import NOBODY

ENTITIES = ("deal", "lead", "order", "appointment", "survey")


def answer(question: Question, found: Found) -> dict[str, Any]:
    """The value, what it is made of, the newest events, and whether they are all of it."""
    listed: list[Amounts] = [{} for _ in question.sought]
    for _, row in found.rows:
        for (place, facet), amount in row.adds.items():
            listed[place][facet] = listed[place].get(facet, 0) + amount
    shown: dict[str, Any] = {"value": msgspec.to_builtins(question.value)}
    shown["measures"] = [
        {"measure": each.measure, "facet": each.facet, "part": part, "sum": board, "listed": own}
        for each, part, board, own in zip(question.sought, question.parts, question.board, listed, strict=True)
    ]
    shown["events"] = [_event(question, subject, row) for subject, row in found.rows]
    why = _why_not(question, found)
    shown |= {"count": found.count, "complete": not why}
    return shown | ({"why": why} if why else {})


def _why_not(question: Question, found: Found) -> str:
    """Why what is listed doesn't add up to the number; "" if it does."""
    if not found.is_whole:
        return f"the time was over after {found.looked_at:,} of {found.accounts:,} accounts, the newest first"
    if not agrees(question, found):
        return "events come in faster than the accounts and the number can be compared; ask again"
    if len(found.rows) < found.count:
        return f"only the newest {len(found.rows):,} of {found.count:,} events are listed"
    return ""


def _event(question: Question, subject: str, row: Row) -> dict[str, Any]:
    """An event; a touch that has settled has lost its identity."""
    entry = row.entry
    found: dict[str, Any] = {"time": instant(entry.time_ms), "type": NAME_OF[entry.kind], "subject": subject}
    found |= {"source": entry.source or None, "id": entry.id or None, "revision": entry.revision}
    found["received_at"] = instant(entry.received_ms)
    own = getattr(entry.data, "rep", None)
    is_rep = question.sought[0].dimension == "rep"
    found["reps"] = [rep for rep in (row.values if is_rep else [own]) if rep not in (None, NOBODY)]
    for name in ENTITIES:
        entity = getattr(entry.data, name, None)
        if entity is not None:
            found[name] = entity
    found["adds"] = [
        {"measure": question.sought[place].measure, "facet": facet, "amount": amount}
        for (place, facet), amount in sorted(row.adds.items())
        if amount
    ]
    return found
