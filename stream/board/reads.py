"""What published KPIs read: so that whoever knows which cells changed knows which values may have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from schemas.kpi import KpiDefinition, Term
from stream.board.carrying import Edges, Summed
from stream.board.moment import Moment
from stream.board.sums import cut_of_term
from stream.board.windows import MINUTE_WINDOWS, Window, window_at
from stream.catalogue.catalogue import Catalogue
from stream.panes import DAY_MIN


class Reads:
    """A catalogue by what it reads. ``readers``: of each measure the KPIs whose values are made of it, for the scope
    of a cell and all that it lies in. ``timed``: those whose values change with the clock alone; what they are made of
    is known only when they are read.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self.published = [each for each in catalogue.definitions.values() if each.publish_windows]
        self.timed = [each for each in self.published if each.form in ("attainment", "stall", "stalled")]
        self.readers: dict[str, list[KpiDefinition]] = {}
        for definition in self.published:
            ranked = definition if definition.ranks is None else catalogue.find(definition.ranks)
            for measure in ranked.measures:
                self.readers.setdefault(measure, []).append(definition)
        self.entrances = {
            measure: [each for each in readers if "rep" in each.scopes and measure in _entrance(catalogue, each)]
            for measure, readers in self.readers.items()
        }
        """Of each measure the KPIs of which a rep has values once it has a cell of it."""
        self.windows = sorted({name for each in self.published for name in each.publish_windows})
        terms = (term for each in catalogue.definitions.values() for term in terms_of(each))
        sums = sorted({(term.measure, term.age_d or 0) for term in terms})
        self._terms = [Term(measure=measure, age_d=age_d or None) for measure, age_d in sums]
        lengths = tuple(MINUTE_WINDOWS[name] for name in self.windows if name in MINUTE_WINDOWS)
        self.edges: dict[str, Edges] = {}
        """Of each measure what moves its sums while the clock goes on."""
        for measure, age_d in sums:
            ages = self.edges[measure].ages if measure in self.edges else ()
            self.edges[measure] = Edges(lengths, (*ages, age_d * DAY_MIN) if age_d else ages)

    def cuts(self, moment: Moment) -> list[Summed]:
        """The sums that published KPIs read, those of two moments in the same order."""
        windows = [window_at(name, moment.cut, moment.calendar) for name in self.windows]
        return cuts_of(moment, self._terms, windows)


def cuts_of(moment: Moment, terms: Iterable[Term], windows: Iterable[Window]) -> list[Summed]:
    """The sums that terms read over windows."""
    return [(term.measure, cut_of_term(moment, term, window)) for term in terms for window in windows]


def _entrance(catalogue: Catalogue, definition: KpiDefinition) -> set[str]:
    ranked = definition if definition.ranks is None else catalogue.find(definition.ranks)
    return {term.measure for term in ranked.terms} if definition.form != "stall" else set()


def terms_of(definition: KpiDefinition) -> Iterator[Term]:
    """Every sum that a definition reads, facets included."""
    yield from definition.terms
    if definition.facets_of is not None:
        yield Term(measure=definition.facets_of)
    for facet in definition.named_facets.values():
        yield from facet.numerator + facet.denominator
        if facet.buckets is not None:
            yield Term(measure=facet.buckets)
