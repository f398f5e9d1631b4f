"""How panels look: colours that the colour-blind tell apart, units, sizes that are read from across a room."""

from __future__ import annotations

from grafana_foundation_sdk.builders.common import VizTextDisplayOptions
from grafana_foundation_sdk.builders.dashboard import FieldColor, ThresholdsConfig
from grafana_foundation_sdk.models.dashboard import FieldColorModeId, Threshold, ThresholdsMode

GOOD, WARN, BAD, INFO, PLAIN = "#009E73", "#E69F00", "#D55E00", "#56B4E9", "#E8EAED"
"""Okabe and Ito's; no meaning hangs on a colour alone."""

UNITS = {
    "money": ("short", 2),
    "money/deal": ("short", 2),
    "ratio": ("percentunit", 1),
    "days": ("suffix: d", 1),
    "minutes": ("suffix: min", 0),
    "touches": ("locale", 0),
    "touches/deal": ("none", 1),
    "deals": ("locale", 0),
    "leads": ("locale", 0),
    "customers": ("locale", 0),
    "points": ("none", 0),
    "rank": ("none", 0),
}
"""(unit, decimals) of Grafana by the catalogue's unit."""

HERO = (52, 150)
TILE = (42, 96)
TRIO = (32, 84)
STACKED = (38, 72)
PAIR = (26, 66)
STRIP = (32, 60)
NARROW_STRIP = (26, 54)
BAR_VALUE = 36
"""Sizes of (name, value) in px at 1080p; of a bar's value."""


def sized(sizes: tuple[int, int]) -> VizTextDisplayOptions:
    """Text of these sizes, for a screen on the wall."""
    return VizTextDisplayOptions().title_size(sizes[0]).value_size(sizes[1])


def steps(first: str, *more: tuple[float, str]) -> ThresholdsConfig:
    """A colour, and others from a value on."""
    made = [Threshold(value=None, color=first), *(Threshold(value=value, color=color) for value, color in more)]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(made)


def by_steps() -> FieldColor:
    """The colour of the step that a value stands on."""
    return FieldColor().mode(FieldColorModeId.THRESHOLDS)


def one_colour(color: str) -> FieldColor:
    """The same colour whatever the value."""
    return FieldColor().mode(FieldColorModeId.FIXED).fixed_color(color)
