// Open deals as levels, at the hour of the last thing that somebody did about them; `stream.accounts.open_deals` and
// `.course`.
#pragma once

#include "history.hpp"

namespace core {

class OpenDeals {
  public:
    explicit OpenDeals(World &world) : world_(world) {}

    // A deal's level from its beginning on.
    void open_cells(Account &account, Name deal_id, Cells &cells, int sign) const {
        Deal *deal = account.deal(deal_id);
        if (!deal || !was_opened(*deal)) {
            return;
        }
        course_cells(everything(*deal), cells, sign);
    }

    // The deal whose level an event may change: its own, or that which a person's touch or an appointment names, if it
    // has any event of its own.
    static Name deal_of(Account &account, const Entry *entry) {
        if (!entry) {
            return NONE;
        }
        if (DEAL_KINDS.has(entry->kind)) {
            return entry->deal;
        }
        bool is_contact = entry->kind == TOUCH ? !entry->automated : entry->kind == APPOINTMENT_HELD;
        if (!is_contact || entry->deal == NONE) {
            return NONE;
        }
        Deal *deal = account.deal(entry->deal);
        return deal && !deal->events.empty() ? entry->deal : NONE;
    }

    // What a new event, to be attached next, adds to its deal's level if it comes after everything that moved it; false
    // where it has to be put in its place.
    bool follow(Account &account, const Entry *entry, Cells &cells) const {
        Name deal_id = deal_of(account, entry);
        if (deal_id == NONE) {
            return true;
        }
        Deal *deal = account.deal_made(deal_id);
        if (!deal->has_course) {
            retake(*deal);
        }
        i64 time_ms = entry->time_ms;
        if (!DEAL_KINDS.has(entry->kind)) {
            if (deal->quiet_from_ms <= time_ms && time_ms < deal->quiet_until_ms) {
                return true;
            }
            if (time_ms >= deal->course.last_ms) {
                advance(*deal, entry, cells);
                return true;
            }
            if (time_ms >= deal->quiet_until_ms) {  // the last of them, though a change of owner or amount came later
                unfollow(account, deal_id);
            }
            return false;
        }
        if (time_ms <= deal->course.last_ms) {
            return false;
        }
        bool opens = (entry->kind == DEAL_OPENED || entry->kind == DEAL_REOPENED) && !deal->course.is_open();
        if (opens) {
            for (const Entry *contact : contacts(*deal)) {
                if (contact->time_ms >= time_ms) {
                    return false;
                }
            }
        }
        advance(*deal, entry, cells);
        return true;
    }

    // Something was put in its place, or taken out: a deal's course has to be taken again.
    static void unfollow(Account &account, Name deal_id) {
        if (Deal *deal = account.deal(deal_id)) {
            deal->has_course = false;
            deal->quiet_from_ms = FOREVER_MS;
            deal->quiet_until_ms = BEGINNING_MS;
        }
    }

    // What an attached touch or appointment adds to its deal's level, from itself to the next one of them.
    void contact_cells(Account &account, const Entry *entry, Cells &cells, int sign) const {
        Deal *deal = account.deal(deal_of(account, entry));
        if (!deal || !was_opened(*deal)) {
            return;
        }
        Entry *previous = nullptr, *following = nullptr;
        for (Entry *contact : contacts(*deal)) {
            if (contact == entry) {
                continue;
            }
            if (contact->time_ms <= entry->time_ms) {
                if (!previous || contact->time_ms > previous->time_ms) {
                    previous = contact;
                }
            } else if (!following || contact->time_ms < following->time_ms) {
                following = contact;
            }
        }
        Entries others = deal->events;
        for (Entry *contact : {previous, following}) {
            if (contact) {
                others.push_back(contact);
            }
        }
        Entries all = others;
        all.push_back(const_cast<Entry *>(entry));
        course_cells(std::move(all), cells, sign);
        course_cells(std::move(others), cells, -sign);
    }

  private:
    // What persons did about a deal, in no order.
    static Entries contacts(const Deal &deal) {
        Entries found;
        for (Entry *touch : deal.touches) {
            if (!touch->automated) {
                found.push_back(touch);
            }
        }
        found.insert(found.end(), deal.held.begin(), deal.held.end());
        return found;
    }

    static Entries everything(const Deal &deal) {
        Entries found = contacts(deal);
        found.insert(found.end(), deal.events.begin(), deal.events.end());
        return found;
    }

    static bool was_opened(const Deal &deal) {
        return std::any_of(deal.events.begin(), deal.events.end(),
                           [](const Entry *entry) { return entry->kind == DEAL_OPENED; });
    }

    void sort(Entries &entries) const {
        std::sort(entries.begin(), entries.end(),
                  [this](const Entry *a, const Entry *b) { return world_.order.before(a, b); });
    }

    // The level of a deal of which these are the events.
    void course_cells(Entries entries, Cells &cells, int sign) const {
        sort(entries);
        Course course, before;
        for (const Entry *entry : entries) {
            if (take(course, entry)) {
                level_cells(before, entry->time_ms, cells, -sign);
                level_cells(course, entry->time_ms, cells, sign);
                before = course;
            }
        }
    }

    // What a deal adds where it stands, as known from a moment on: nothing unless it is open.
    void level_cells(const Course &course, i64 time_ms, Cells &cells, int sign) const {
        if (!course.is_open()) {
            return;
        }
        Minute pane = minute_of(course.hour_ms), known = minute_of(time_ms);
        cells.add({Measure::OPEN_DEALS, By::REP, course.rep, course.facet, pane}, known, 1, sign);
        if (course.amount && course.currency != NONE) {
            std::string facet(world_.names.text(course.currency));
            facet.append(":").append(world_.names.text(course.facet));
            cells.add({Measure::OPEN_AMOUNT, By::REP, course.rep, world_.names.of(facet), pane}, known, course.amount,
                      sign);
        }
    }

    // Let the next event move a deal along its course; what that adds.
    void advance(Deal &deal, const Entry *entry, Cells &cells) const {
        Course before = deal.course;
        if (!take(deal.course, entry)) {
            return;
        }
        set_quiet(deal);
        level_cells(deal.course, entry->time_ms, cells, 1);
        level_cells(before, entry->time_ms, cells, -1);
    }

    // Take a deal's course from its beginning; everything that names it is attached.
    void retake(Deal &deal) const {
        deal.course = Course();
        Entries entries = everything(deal);
        sort(entries);
        for (const Entry *entry : entries) {
            take(deal.course, entry);
        }
        deal.has_course = true;
        set_quiet(deal);
    }

    // Note the span in which a touch changes nothing: the rest of the hour, or for ever unless the deal is open.
    static void set_quiet(Deal &deal) {
        const Course &course = deal.course;
        if (!course.is_opened) {
            deal.quiet_from_ms = BEGINNING_MS, deal.quiet_until_ms = FOREVER_MS;
        } else if (course.is_closed) {
            deal.quiet_from_ms = course.last_ms, deal.quiet_until_ms = FOREVER_MS;
        } else {
            deal.quiet_from_ms = course.moved_ms, deal.quiet_until_ms = course.hour_ms + HOUR_MS;
        }
    }

    // Take the next event in order; false if nothing changes by it.
    bool take(Course &course, const Entry *entry) const {
        bool was_open = course.is_open(), is_own = DEAL_KINDS.has(entry->kind);
        bool qualifies = is_own ? take_own(course, entry) : true;
        i64 hour_ms = floor_div(entry->time_ms, HOUR_MS) * HOUR_MS;
        bool moves = qualifies && course.is_open() && (!was_open || hour_ms != course.hour_ms);
        if (moves) {
            course.hour_ms = hour_ms;
            course.moved_ms = entry->time_ms;
        }
        if (moves || is_own) {
            course.last_ms = entry->time_ms;
            return true;
        }
        return false;
    }

    // Take one of the deal's own events; whether it qualifies as something done about the deal.
    bool take_own(Course &course, const Entry *entry) const {
        u8 kind = entry->kind;
        bool was_open = course.is_open();
        const Further *data = entry->further.get();
        if (kind == DEAL_OPENED) {
            course.is_opened = true;
            course.rep = entry->rep;
            if (data) {
                if (data->stage != NONE || data->pipeline != NONE) {
                    course.stage = data->stage != NONE ? data->stage : course.stage;
                    course.pipeline = data->pipeline != NONE ? data->pipeline : course.pipeline;
                    set_facet(course);
                }
                course.amount = data->has_amount ? data->amount : course.amount;
                course.currency = data->currency != NONE ? data->currency : course.currency;
            }
        } else if (kind == OWNER_CHANGED) {
            course.rep = entry->rep;
        } else if (kind == AMOUNT_CHANGED) {
            course.amount = data->amount;
            course.currency = data->currency;
        } else if (kind == STAGE_CHANGED) {
            course.stage = data->stage;
            set_facet(course);
        } else if (kind == DEAL_REOPENED) {
            course.is_closed = false;
        } else if (CLOSES.has(kind)) {
            course.is_closed = true;
        }
        if (course.facet == NONE) {
            course.facet = world_.nobody;
        }
        return kind == STAGE_CHANGED || !was_open;
    }

    // The facet of a stage: itself, behind its pipeline where the deal names one.
    void set_facet(Course &course) const {
        Name stage = world_.or_nobody(course.stage);
        if (course.pipeline == NONE) {
            course.facet = stage;
            return;
        }
        std::string facet(world_.names.text(course.pipeline));
        facet.append("|").append(world_.names.text(stage));
        course.facet = world_.names.of(facet);
    }

    World &world_;
};

}  // namespace core
