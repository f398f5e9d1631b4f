"""An office in Berlin for pictures: what people did and what the organisation said, through the whole core."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from schemas.event import Event, decode, is_activity
from schemas.kpi import KpiValue
from stream.board.board import Board
from stream.board.stage import BoardStage
from tests.reference.arrivals import Arrival
from tests.strategies.pipeline import Pipeline

BERLIN = ZoneInfo("Europe/Berlin")
NINE_TO_FIVE = [["09:00", "12:00"], ["13:00", "17:00"]]
OFFICE_HOURS = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), NINE_TO_FIVE)

Line = tuple[str, str, dict[str, Any]]
"""When, in Berlin ("2026-05-13 11:40"); what, without its prefix ("touch.logged"); its data."""


def at_ms(when: str) -> int:
    """A wall time in Berlin as epoch milliseconds."""
    return int(datetime.fromisoformat(when).replace(tzinfo=BERLIN).timestamp() * 1000)


def arrival(number: int, line: Line, **envelope: Any) -> Arrival:
    """A line as a record; ``envelope`` replaces attributes. Activity is of the account in its data, else of A-1."""
    when, name, said = line
    data = {field: part for field, part in said.items() if field != "account"}
    time = datetime.fromisoformat(when).replace(tzinfo=BERLIN)
    event = {"specversion": "1.0", "id": f"e{number}", "source": "crm", "type": f"sales.{name}", "tenant": "acme"}
    event |= {"time": time.isoformat(), "subject": said.get("account", "A-1"), "data": data} | envelope
    received_ms = int((time + timedelta(seconds=1)).timestamp() * 1000)
    return Arrival(json.dumps(event).encode(), received_ms)


class Office:
    """Answers from a board that has heard every line, in the order given."""

    def __init__(self, *lines: Line) -> None:
        self.pipeline = Pipeline()
        self._told = 0
        self.tell(("2026-01-01 00:00", "tenant.configured", {"time_zone": "Europe/Berlin", "base_currency": "EUR"}))
        self.tell(*lines)

    def tell(self, *lines: Line, **envelope: Any) -> None:
        """Let some more happen."""
        activity: list[Arrival] = []
        organisation: list[Arrival] = []
        for line in lines:
            self._told += 1
            made = arrival(self._told, line, **envelope)
            event = decode(made.raw)
            assert isinstance(event, Event), event
            (activity if is_activity(event.kind) else organisation).append(made)
        self.pipeline.publish(activity, organisation)
        self.pipeline.run()
        assert not self.pipeline.letters

    def value(self, kpi: str, scope: str, window: str, at: str) -> KpiValue:
        """A value just before a wall time: its cut."""
        return self.pipeline.value(kpi, scope, window, as_of_ms=at_ms(at) - 1)

    def rows(self, kpi: str, at: str) -> list[KpiValue]:
        """Every row of a KPI there is, just before a wall time."""
        return [row for row in self.pipeline.values(as_of_ms=at_ms(at) - 1) if row.kpi == kpi]

    @property
    def board(self) -> Board:
        """The board itself."""
        stage = self.pipeline.boards[0].stage
        assert isinstance(stage, BoardStage)
        return stage.board("acme")


def rep(who: str, **said: Any) -> dict[str, Any]:
    """What a roster says."""
    return {"rep": who, **said}


def call(by: str, **said: Any) -> dict[str, Any]:
    """A call."""
    return {"rep": by, "kind": "call", "direction": "outbound", **said}


def win(by: str, deal: str, euros: float, currency: str = "EUR") -> dict[str, Any]:
    """A won deal."""
    return {"rep": by, "deal": deal, "amount_minor": round(euros * 100), "currency": currency}


def target(name: str, scope: str, first: str, after: str, value: float, **said: Any) -> dict[str, Any]:
    """A revenue target in euros over [first, after)."""
    period = {"from": first, "to": after}
    wanted = {"kpi": "revenue", "unit": "money", "currency": "EUR", "value": round(value * 100)}
    return {"target": name, "scope": scope, "period": period, **wanted, **said}
