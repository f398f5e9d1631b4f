"""Pipelines: their stages, and for how many working days a deal may stand still in each."""

from __future__ import annotations

from schemas.cells import MINUTE_MS
from schemas.data import PipelineConfigured, TenantConfigured
from stream.board.organisation import Organisation
from stream.board.reference.settings import settings_of
from stream.board.reference.versions import by_day, grouped, version_at
from stream.stages import stage_facet


def patience_of(organisation: Organisation, cut_ms: int) -> dict[str, float]:
    """Working days by stage, as the facets of open deals name stages, of those stages that a pipeline gives any.

    A deal that names no pipeline has the longest that any pipeline gives its stage.
    """

    def make() -> dict[str, float]:
        calendar, minute = settings_of(organisation, cut_ms).calendar, cut_ms // MINUTE_MS - 1
        found: dict[str, float] = {}
        for name, said in grouped(organisation.in_force(PipelineConfigured, cut_ms), "pipeline").items():
            pipeline = version_at(by_day(said, calendar), minute)
            for stage in pipeline.stages if pipeline is not None else ():
                if stage.stall_after_d is not None:
                    found[stage_facet(name, stage.stage)] = stage.stall_after_d
                    found[stage.stage] = max(stage.stall_after_d, found.get(stage.stage, 0))
        return found

    versions = organisation.version(PipelineConfigured, cut_ms), organisation.version(TenantConfigured, cut_ms)
    return organisation.remember(("patience", cut_ms // MINUTE_MS, *versions), make)
