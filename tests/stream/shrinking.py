"""A storm that shows a difference, made so small that one can read it."""

from __future__ import annotations

from collections.abc import Callable

from tests.strategies.storms import Cut, Record, Storm


def smaller(storm: Storm, differs: Callable[[Storm], bool], *, tries: int = 2_000) -> Storm:
    """The same difference in few steps, simply found: the shortest prefix, then without one step after the other."""
    steps = storm.steps
    low, high = 0, len(steps)  # a prefix of `high` differs
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if differs(storm._replace(steps=steps[:middle])) else (middle + 1, high)
    steps = steps[:high] if differs(storm._replace(steps=steps[:high])) else steps
    width = max(1, len(steps) // 2)
    while tries > 0:
        at, shrunk = 0, False
        while at < len(steps) and tries > 0:
            tried = steps[:at] + steps[at + width :]
            tries -= 1
            if differs(storm._replace(steps=tried)):
                steps, shrunk = tried, True
            else:
                at += width
        if width == 1 and not shrunk:
            break
        width = max(1, width // 2)
    return storm._replace(steps=steps)


def shown(storm: Storm) -> str:
    """A storm as text: its options, and its steps one a line."""
    lines = [f"{storm.options}, partition {storm.partition} of {storm.partitions}"]
    for number, step in enumerate(storm.steps):
        if isinstance(step, Record):
            more = f" headers {step.headers}" if step.headers else ""
            lines.append(f"{number:3} {step.received_ms} {step.key!r} {step.value!r}{more}")
        elif not isinstance(step, Cut):
            lines.append(f"{number:3} {step}")
    return "\n".join(lines)
