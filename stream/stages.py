"""Stages as facets of open deals, and amounts of open deals as facets."""

from __future__ import annotations

NO_STAGE = "_none"
"""The stage of a deal that names none."""
CURRENCY_LETTERS = 3


def stage_facet(pipeline: str | None, stage: str | None) -> str:
    """The facet of a stage: itself, behind its pipeline where the deal names one."""
    return stage or NO_STAGE if pipeline is None else f"{pipeline}|{stage or NO_STAGE}"


def stage_of(facet: str) -> str:
    """The stage that a facet names."""
    return facet.rpartition("|")[2]


def pipeline_of(facet: str) -> str | None:
    """The pipeline of the stage that a facet names; None if its deals name none."""
    pipeline, bar, _ = facet.rpartition("|")
    return pipeline if bar else None


def amount_facet(currency: str, facet: str) -> str:
    """The facet of an amount in a stage."""
    return f"{currency}:{facet}"


def currency_of(facet: str) -> str:
    """The currency of an amount's facet."""
    return facet[:CURRENCY_LETTERS]
