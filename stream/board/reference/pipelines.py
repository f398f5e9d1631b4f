"""Pipelines: their stages, and for how many working days a deal may stand still in each."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.cells import MINUTE_MS
from schemas.data import PipelineConfigured, TenantConfigured
from stream.board.organisation import Organisation
from stream.board.reference.settings import settings_of
from stream.board.reference.versions import by_day, grouped, version_at
from stream.stages import pipeline_of, stage_facet, stage_of


@dataclass(frozen=True)
class Patience:
    """For how many working days a deal may stand still, of those stages that a pipeline gives any.

    ``own``: by stage of a pipeline, as the facets of open deals name it. ``longest``: by stage, whatever the pipeline.
    ``pipelines``: those that are configured.
    """

    own: dict[str, float]
    longest: dict[str, float]
    pipelines: set[str]

    def of(self, facet: str, usual: float) -> float:
        """Of a stage as a facet names it; ``usual`` where nothing is said of it.

        What another pipeline says counts only for a deal that names no pipeline, or one that nobody configured.
        """
        if pipeline_of(facet) in self.pipelines:
            return self.own.get(facet, usual)
        return self.longest.get(stage_of(facet), usual)


def patience_of(organisation: Organisation, cut_ms: int) -> Patience:
    """What the pipelines in force allow."""

    def make() -> Patience:
        calendar, minute = settings_of(organisation, cut_ms).calendar, cut_ms // MINUTE_MS - 1
        patience = Patience({}, {}, set())
        for name, said in grouped(organisation.in_force(PipelineConfigured, cut_ms), "pipeline").items():
            pipeline = version_at(by_day(said, calendar), minute)
            if pipeline is None:
                continue
            patience.pipelines.add(name)
            for stage in pipeline.stages:
                if stage.stall_after_d is not None:
                    patience.own[stage_facet(name, stage.stage)] = stage.stall_after_d
                    patience.longest[stage.stage] = max(stage.stall_after_d, patience.longest.get(stage.stage, 0))
        return patience

    versions = organisation.version(PipelineConfigured, cut_ms), organisation.version(TenantConfigured, cut_ms)
    return organisation.remember(("patience", cut_ms // MINUTE_MS, *versions), make)
