"""Logging of a worker: one line each, and the same line of a library at most once in ten seconds."""

from __future__ import annotations

import json
import logging
import sys
import time

REPEAT_S = 10.0
LIBRARIES = ("aiokafka", "faust", "mode", "kafka", "agents.app", "agents.transport")


class OnceInAWhile(logging.Filter):
    """Lets the same template of the same logger through once every REPEAT_S: a broker that is away gives thousands."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is let through."""
        if not record.name.startswith(LIBRARIES):
            return True
        place, now = (record.name, str(record.msg)[:200]), time.monotonic()
        if now - self._last.get(place, -REPEAT_S) < REPEAT_S:
            return False
        if len(self._last) > 1_000:
            self._last.clear()
        self._last[place] = now
        record.exc_info = None  # of a library's trouble the line is enough; ours keep their traceback
        return True


class JsonLines(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        line = {
            "at": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "text": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


def set_up_logging(level: str, form: str, name: str) -> None:
    """Log to standard error. Libraries speak from WARNING on; ``name`` says which process it is."""
    out = logging.StreamHandler(sys.stderr)
    out.addFilter(OnceInAWhile())
    out.setFormatter(
        JsonLines() if form == "json" else logging.Formatter(f"%(asctime)s {name} %(levelname)s %(message)s")
    )
    logging.basicConfig(level=level, handlers=[out], force=True)
    for library in LIBRARIES:
        logging.getLogger(library).setLevel(logging.WARNING)
