"""What the totals of the toy stages have to be, from the published records alone."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict

from tests.simulation.toys import BONUS, home_of

Event = dict[str, str | int]

TENANTS, ACCOUNTS = 4, 12
REPEATED, ELSEWHERE, BROKEN = 0.15, 0.05, 0.03


class Oracle:
    """Totals by tenant [sum, count, organisation records], and records by verdict."""

    def __init__(self) -> None:
        self.totals: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        self.tallies: Counter[str] = Counter()
        self._seen: dict[str, set[str]] = defaultdict(set)

    def take(self, event: Event | None, *, at_home: bool) -> None:
        """Count one published record; None is one that isn't JSON."""
        if event is None:
            self.tallies["dead"] += 1
            return
        if not at_home:
            self.tallies["rekeyed"] += 1
        name, tenant = str(event["account"]), str(event["tenant"])
        if event["id"] in self._seen[name]:
            self.tallies["duplicate"] += 1
            return
        self._seen[name].add(str(event["id"]))
        self.tallies["accepted"] += 1
        self.totals[tenant][0] += int(event["amount"]) + (BONUS if len(self._seen[name]) == 3 else 0)
        self.totals[tenant][1] += 1


class Records:
    """Draws records: some repeat an earlier one, some aren't JSON."""

    def __init__(self, rng: random.Random, accounts: int = ACCOUNTS, tenants: int = TENANTS) -> None:
        self.rng, self.accounts, self.tenants = rng, accounts, tenants
        self._sent: list[Event] = []

    def draw(self) -> tuple[Event | None, bytes]:
        """The event, None if there is none in it, and its bytes."""
        if self.rng.random() < BROKEN:
            return None, b"not JSON"
        if self._sent and self.rng.random() < REPEATED:
            event = self.rng.choice(self._sent)
        else:
            account = self.rng.randrange(self.accounts)
            number, amount = len(self._sent), self.rng.randrange(1, 500)
            event = {
                "tenant": f"t{account % self.tenants}",
                "account": f"a{account}",
                "id": str(number),
                "amount": amount,
            }
            self._sent.append(event)
        return event, json.dumps(event).encode()

    def place(self, event: Event | None, partitions: int) -> tuple[int, bool]:
        """A partition for the event, and whether it is its home."""
        anywhere = self.rng.randrange(partitions)
        if event is None:
            return anywhere, True
        home = home_of(str(event["account"]).encode(), partitions)
        place = anywhere if self.rng.random() < ELSEWHERE else home
        return place, place == home
