"""Open deals as levels: one and its amount, at the hour of the last thing that somebody did about it.

Qualifying are the opening, a reopening, a change of stage, a touch held by a person and an appointment held, each of
which names the deal. The next one of a later hour moves the level, known then; a close takes it away. Changes of owner
and amount move it within its hour.

`open_cells` is the definition. `follow` does the same for the ordinary event, which comes after everything that moved
the deal, and `contact_cells` for one touch or appointment anywhere.
"""

from __future__ import annotations

from typing import Final

from stream.accounts.account import Account, Deal
from stream.accounts.course import HOUR_MS, LONG_AGO_MS, Course
from stream.accounts.entry import Entry, entry_key
from stream.accounts.kinds import APPOINTMENT_HELD, DEAL_KINDS, DEAL_OPENED, DEAL_REOPENED, TOUCH
from stream.accounts.standing import Cells, Standing, add, known_at
from stream.panes import minute_of
from stream.stages import amount_facet

FAR_MS: Final = 2**61


def open_cells(account: Account, deal_id: str) -> Cells:
    """A deal's level from its beginning on."""
    deal = account.deals.get(deal_id)
    if deal is None or not _was_opened(deal):
        return {}
    return course_cells([*deal.events, *_contacts(deal)])


def course_cells(entries: list[Entry]) -> Cells:
    """The level of a deal of which these are the events."""
    cells: Cells = {}
    before: Standing = {}
    course = Course()
    for entry in sorted(entries, key=entry_key):
        if course.take(entry):
            now = level_of(course)
            add(cells, known_at(entry.time_ms, before), -1)
            add(cells, known_at(entry.time_ms, now))
            before = now
    return cells


def level_of(course: Course) -> Standing:
    """What a deal adds where it stands: nothing unless it is open."""
    if not course.is_open():
        return {}
    pane = minute_of(course.hour_ms)
    standing: Standing = {("open_deals", "rep", course.rep, course.facet, pane): 1}
    if course.amount_minor and course.currency is not None:
        standing["open_amount", "rep", course.rep, amount_facet(course.currency, course.facet), pane] = (
            course.amount_minor
        )
    return standing


def deal_of(account: Account, entry: Entry | None) -> str | None:
    """The deal whose level an event may change: its own, or that which a person's touch or an appointment names, if it
    has any event of its own.
    """
    if entry is None:
        return None
    if entry.kind in DEAL_KINDS:
        own: str = entry.data.deal
        return own
    if not is_contact(entry):
        return None
    named: str = entry.data.deal
    deal = account.deals.get(named)
    return named if deal is not None and deal.events else None


def is_contact(entry: Entry) -> bool:
    """Whether a person did something about a deal it names."""
    if entry.kind == TOUCH:
        return entry.data.deal is not None and not entry.data.automated
    return entry.kind == APPOINTMENT_HELD and entry.data.deal is not None


def follow(account: Account, entry: Entry) -> Cells | None:
    """What a new event, to be attached next, adds to its deal's level if it comes after everything that moved it; None
    where it has to be put in its place. Unless that was the last thing somebody did, the course stays as it is.
    """
    deal_id = deal_of(account, entry)
    if deal_id is None:
        return {}
    deal = account.deal(deal_id)
    course = deal.course or retake(deal)
    time_ms = entry.time_ms
    if entry.kind not in DEAL_KINDS:
        if deal.quiet_from_ms <= time_ms < deal.quiet_until_ms:
            return {}
        if time_ms >= course.last_ms:
            return advance(deal, course, entry)
        if time_ms >= deal.quiet_until_ms:  # it is the last of them, though a change of owner or amount came later
            unfollow(account, deal_id)
        return None
    if time_ms <= course.last_ms:
        return None
    opens = entry.kind in (DEAL_OPENED, DEAL_REOPENED) and not course.is_open()
    if opens and any(contact.time_ms >= time_ms for contact in _contacts(deal)):
        return None
    return advance(deal, course, entry)


def advance(deal: Deal, course: Course, entry: Entry) -> Cells:
    """Let the next event move a deal along its course; what that adds."""
    before = level_of(course)
    if not course.take(entry):
        return {}
    _set_quiet(deal, course)
    cells = known_at(entry.time_ms, level_of(course))
    if before:
        add(cells, known_at(entry.time_ms, before), -1)
    return cells


def retake(deal: Deal) -> Course:
    """Take a deal's course from its beginning; everything that names it is attached."""
    course = Course()
    for entry in sorted([*deal.events, *_contacts(deal)], key=entry_key):
        course.take(entry)
    deal.course = course
    _set_quiet(deal, course)
    return course


def unfollow(account: Account, deal_id: str | None) -> None:
    """Something was put in its place, or taken out: a deal's course has to be taken again."""
    deal = account.deals.get(deal_id) if deal_id is not None else None
    if deal is not None:
        deal.course = None
        deal.quiet_from_ms, deal.quiet_until_ms = FAR_MS, LONG_AGO_MS


def contact_cells(account: Account, entry: Entry) -> Cells:
    """What an attached touch or appointment adds to its deal's level, from itself to the next one of them.

    Between two of them nothing moves the deal but its own events, so no other has to be looked at.
    """
    deal_id = deal_of(account, entry)
    if deal_id is None or not _was_opened(account.deals[deal_id]):
        return {}
    deal, time_ms = account.deals[deal_id], entry.time_ms
    previous: Entry | None = None
    following: Entry | None = None
    for contact in _contacts(deal):
        if contact is entry:
            continue
        if contact.time_ms <= time_ms:
            if previous is None or contact.time_ms > previous.time_ms:
                previous = contact
        elif following is None or contact.time_ms < following.time_ms:
            following = contact
    others = [*deal.events, *(contact for contact in (previous, following) if contact is not None)]
    cells = course_cells([*others, entry])
    add(cells, course_cells(others), -1)
    return cells


def _contacts(deal: Deal) -> list[Entry]:
    """What persons did about a deal, in no order."""
    return [touch for touch in deal.touches if not touch.data.automated] + deal.held


def _was_opened(deal: Deal) -> bool:
    return any(entry.kind == DEAL_OPENED for entry in deal.events)


def _set_quiet(deal: Deal, course: Course) -> None:
    """Note the span in which a touch changes nothing: the rest of the hour, or for ever unless the deal is open."""
    if not course.is_opened:
        deal.quiet_from_ms, deal.quiet_until_ms = LONG_AGO_MS, FAR_MS
    elif course.is_closed:
        deal.quiet_from_ms, deal.quiet_until_ms = course.last_ms, FAR_MS
    else:
        deal.quiet_from_ms, deal.quiet_until_ms = course.moved_ms, course.hour_ms + HOUR_MS
