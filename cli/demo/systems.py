"""The three systems that publish: each says that it is alive; one may fall silent and have a lot to say afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cli.demo.company import TENANT, DemoEvent
from cli.demo.mishaps import HABITS, Sent

HEARTBEAT = "sales.source.heartbeat"
BEAT_S = 15
SYSTEMS = tuple(HABITS)


class Systems:
    """What leaves the company, and the heartbeats beside it."""

    def __init__(self) -> None:
        self.silent: set[str] = set()
        self._withheld: list[Sent] = []
        self._next_beat_ms = 0

    def beats(self, now_ms: int) -> Iterator[DemoEvent]:
        """The heartbeats that are due: how a reader tells silence from quiet."""
        if now_ms >= self._next_beat_ms:
            self._next_beat_ms = now_ms + BEAT_S * 1_000
            for system in SYSTEMS:
                if system not in self.silent:
                    data = {"interval_s": BEAT_S}
                    yield DemoEvent(HEARTBEAT, f"beat-{system}-{now_ms}", TENANT, now_ms, data, system)

    def passing(self, sent: Iterable[Sent]) -> Iterator[Sent]:
        """What gets out; what a silent system has to say waits in it."""
        for one in sent:
            if one.source in self.silent:
                self._withheld.append(one)
            else:
                yield one

    def speak_again(self) -> Iterator[Sent]:
        """Nobody is silent any more: what waited comes now, each event with the time at which it happened."""
        self.silent.clear()
        self._next_beat_ms = 0
        withheld, self._withheld = self._withheld, []
        yield from withheld
