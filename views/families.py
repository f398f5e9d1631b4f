"""What a metric is: declared by hand once, and from that the client's objects, the exposition's heads and the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_HELP_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n"})


@dataclass(frozen=True)
class Family:
    """A metric. ``name`` is as it is exposed (a histogram's without its suffixes), ``means`` what it counts and, where
    somebody should act on it, what to do. ``bound`` says what keeps the number of its series small.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    unit: str
    labels: tuple[str, ...]
    means: str
    bound: str = ""
    buckets: tuple[float, ...] = ()

    @property
    def head(self) -> bytes:
        """The lines before its series, in text format 0.0.4, without the last newline."""
        return f"# HELP {self.name} {self.means.translate(_HELP_ESCAPES)}\n# TYPE {self.name} {self.kind}".encode()

    @property
    def exposed(self) -> tuple[str, ...]:
        """The names that its series have."""
        if self.kind == "histogram":
            return tuple(f"{self.name}{suffix}" for suffix in ("_bucket", "_sum", "_count"))
        return (self.name,)


def counter(family: Family, registry: CollectorRegistry) -> Counter:
    """The client's counter, registered."""
    return Counter(family.name.removesuffix("_total"), family.means, family.labels, registry=registry)


def gauge(family: Family, registry: CollectorRegistry) -> Gauge:
    """The client's gauge, registered."""
    return Gauge(family.name, family.means, family.labels, registry=registry)


def histogram(family: Family, registry: CollectorRegistry) -> Histogram:
    """The client's histogram, registered."""
    return Histogram(family.name, family.means, family.labels, buckets=family.buckets, registry=registry)
