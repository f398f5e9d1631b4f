"""An office whose alerts are judged minute by minute, as events come in: what a worker does, without one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from config.alerts import load_alerts
from schemas.alert import AlertRecord, LiveMark, decode_alert, decode_mark, encode_alert
from stream.alerts.engine import Alerts, is_over, judge
from stream.alerts.notices import delivered, due
from stream.alerts.rules import Rules
from tests.strategies.pipeline import CATALOGUE
from tests.stream.office import BERLIN, Line, Office, at_ms

RULES = Rules(load_alerts(), CATALOGUE)
MINUTE_MS = 60_000

Told = tuple[str, str, str, str]
"""When (wall time in Berlin), what kind of notice, alert, scope."""
Sourced = tuple[str, Line]
"""A publishing source and what it says."""


@dataclass
class Watch:
    """Judges every minute; after each, ``restarts`` says whether everything is forgotten but what was written."""

    office: Office
    rules: Rules = RULES
    alerts: Alerts = field(default_factory=lambda: Alerts("acme"))
    told: list[Told] = field(default_factory=list)
    written: dict[tuple[str, str], bytes] = field(default_factory=dict)
    mark: bytes | None = None

    def run(
        self, begin: str, end: str, events: Iterable[Sourced] = (), *, restart_every: int = 0, every_min: int = 1
    ) -> list[Told]:
        """Minute by minute through [begin, end), each event when its minute comes; what people were told."""
        waiting = sorted(events, key=lambda each: each[1][0])
        for turn, now_ms in enumerate(range(at_ms(begin), at_ms(end), every_min * MINUTE_MS)):
            told: dict[str, list[Line]] = {}
            while waiting and at_ms(waiting[0][1][0]) <= now_ms:
                source, line = waiting.pop(0)
                told.setdefault(source, []).append(line)
            for source, lines in told.items():
                self.office.tell(*lines, source=source)
            self.judge(now_ms)
            if restart_every and turn % restart_every == 0:
                self.restart()
        return self.told

    def judge(self, now_ms: int, *, is_fresh: bool = True) -> None:
        """Judge at a moment, and write what changed."""
        for change in judge(
            self.office.board, self.rules, self.alerts, now_ms, is_fresh=is_fresh, channels=["webhook"]
        ):
            if isinstance(change, LiveMark):
                self.mark = encode_alert(change)
            elif change is not None:
                self._write(change, now_ms)
        for record in [*self.alerts.records.values()]:
            for notice in due(record, now_ms):
                taken = delivered(record, notice.key, now_ms)
                self.alerts.put(taken)
                self._write(taken, now_ms)

    def _write(self, record: AlertRecord, now_ms: int) -> None:
        key = (record.alert, record.scope)
        before = decode_alert(self.written[key]).notices if key in self.written else []
        if is_over(record, now_ms) and key not in self.alerts.records:
            self.written.pop(key, None)
        else:
            self.written[key] = encode_alert(record)
        known = {notice.key for notice in before}
        when = datetime.fromtimestamp(now_ms / 1000, BERLIN).strftime("%Y-%m-%d %H:%M")
        for notice in record.notices:
            if notice.key not in known:
                self.told.append((when, notice.kind, record.alert, record.scope))

    def restart(self) -> None:
        """Forget everything but what was written."""
        self.alerts = Alerts("acme", {key: decode_alert(raw) for key, raw in self.written.items()})
        if self.mark is not None:
            self.alerts.begin(decode_mark(self.mark))

    def of(self, alert: str, scope: str) -> AlertRecord:
        """How an alert stands."""
        return self.alerts.records[alert, scope]

    def fired(self, alert: str) -> list[Told]:
        """When an alert fired, and for whom."""
        return [told for told in self.told if told[1:3] == ("fired", alert)]
