"""What the demo says while it runs: one moving display on a terminal, plain lines elsewhere."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from cli.demo.check import Outcome

DIFFERENCES_SHOWN = 20


class Screen:
    """Steps, a bar for the history, a counter for what is live."""

    def __init__(self) -> None:
        self.console = Console(stderr=False, highlight=False, soft_wrap=True)
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self._progress = Progress(*columns, console=self.console, disable=not self.console.is_terminal)
        self._task = self._progress.add_task("starting", total=None)

    def __enter__(self) -> Screen:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def step(self, text: str) -> None:
        """A new thing begins."""
        self._progress.update(self._task, description=text)
        if not self.console.is_terminal:
            self.console.print(text)

    def say(self, text: str) -> None:
        """Something to keep on the screen."""
        self._progress.console.print(text)

    def begin(self, text: str, total: int | None) -> None:
        """Counting starts, towards ``total`` if it is known."""
        # A task can't go back to an unknown total, so each count is a task of its own.
        self._progress.remove_task(self._task)
        self._task = self._progress.add_task(text, total=total)
        if not self.console.is_terminal:
            self.console.print(text)

    def advance(self, count: int) -> None:
        """So many more."""
        self._progress.advance(self._task, count)

    def outcome(self, outcome: Outcome) -> None:
        """The self-check: a table of what was compared, then the verdict."""
        table = Table(title=f"self-check as of {outcome.as_of}")
        table.add_column("KPI")
        table.add_column("values compared", justify="right")
        for kpi, count in sorted(outcome.compared.items()):
            table.add_row(kpi, f"{count:,}")
        self.say("")
        self._progress.console.print(table)
        statuses = ", ".join(f"{count:,} {status}" for status, count in outcome.statuses.most_common())
        self.say(f"status of the values: {statuses or 'none were answered'}")
        for difference in outcome.differences[:DIFFERENCES_SHOWN]:
            self.say(f"differs: {difference}")
        total = sum(outcome.compared.values())
        if outcome.differences:
            self.say(f"{len(outcome.differences):,} of {total:,} values differ from the spreadsheet")
        else:
            self.say(f"all {total:,} values equal the spreadsheet's; the other KPIs it doesn't add up")
