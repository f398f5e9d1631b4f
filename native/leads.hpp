// What a lead adds, and what becomes of it; what a deal adds while it is open; `stream.accounts.cohorts` and
// `.opportunities`.
#pragma once

#include "wins.hpp"

namespace core {

class Leads {
  public:
    Leads(World &world, const Wins &wins) : world_(world), wins_(wins) {
        for (int days : {7, 30, 90}) {
            ages_.push_back({world.names.of(std::to_string(days)), days * DAY_MS});
        }
    }

    // A new lead, on the day it was first created, under the rep and source it has at each moment.
    void lead_cells(Account &account, Name lead_id, Cells &cells, int sign) const {
        Lead *lead = account.lead(lead_id);
        if (!lead || lead->created.empty()) {
            return;
        }
        Minute pane = minute_of(lead->created[0]->time_ms);
        Moments moments;
        for (const Entry *entry : lead->created) {
            moments.push_back(entry->time_ms);
        }
        auto standing_at = [&](i64 time_ms) {
            Standing standing;
            put_lead(standing, Measure::NEW_LEADS, account, lead_id, time_ms, world_.plain, pane);
            return standing;
        };
        changes(moments, standing_at, cells, sign);
    }

    // What became of a lead: how long it took to its earliest standing win, and by which ages it was won.
    void conversion_cells(Account &account, Name lead_id, Cells &cells, int sign) const {
        Lead *lead = account.lead(lead_id);
        if (!lead || lead->created.empty()) {
            return;
        }
        std::vector<Deal *> deals = deciding_deals(account, lead_id);
        if (deals.empty()) {
            return;
        }
        i64 first_ms = lead->created[0]->time_ms;
        Moments moments;
        for (const Entry *entry : lead->created) {
            moments.push_back(entry->time_ms);
        }
        for (const Age &age : ages_) {
            moments.push_back(first_ms + age.ms);
        }
        for (const Deal *deal : deals) {
            i64 first_close = Wins::first_close_ms(*deal);
            for (const Entry *entry : deal->events) {
                if (entry->time_ms >= first_close) {
                    moments.push_back(entry->time_ms);
                }
            }
        }
        changes(
            moments, [&](i64 time_ms) { return conversion_at(account, lead_id, deals, first_ms, time_ms); }, cells,
            sign);
    }

    // A new opportunity, at the minute it was first opened, under the rep that was last opened for and its lead's
    // source.
    void opened_cells(Account &account, Name deal_id, Cells &cells, int sign) const {
        Deal *deal = account.deal(deal_id);
        if (!deal) {
            return;
        }
        Entries openings;
        for (Entry *entry : deal->events) {
            if (entry->kind == DEAL_OPENED) {
                openings.push_back(entry);
            }
        }
        if (openings.empty()) {
            return;
        }
        Minute pane = minute_of(openings[0]->time_ms);
        Moments moments;
        for (const Entry *entry : openings) {
            moments.push_back(entry->time_ms);
        }
        add_source_moments(account, *deal, openings[0], moments);
        auto standing_at = [&](i64 time_ms) {
            Standing standing;
            Name rep = NONE;
            for (const Entry *entry : openings) {
                rep = entry->time_ms <= time_ms ? entry->rep : rep;
            }
            Name source = world_.or_nobody(lead_source(account, lead_of(*deal, time_ms), time_ms));
            standing.set({Measure::DEALS_OPENED, By::REP, rep, world_.plain, pane}, 1);
            standing.set({Measure::DEALS_OPENED, By::SOURCE, source, world_.plain, pane}, 1);
            return standing;
        };
        changes(moments, standing_at, cells, sign);
    }

    // A deal's changes of stage, each for whoever owned it then.
    void stage_cells(Account &account, Name deal_id, Cells &cells, int sign) const {
        if (Deal *deal = account.deal(deal_id)) {
            for (const Entry *entry : deal->events) {
                if (entry->kind == STAGE_CHANGED) {
                    stage_change(*deal, entry, cells, sign);
                }
            }
        }
    }

    void stage_change(const Deal &deal, const Entry *entry, Cells &cells, int sign) const {
        Minute pane = minute_of(entry->time_ms);
        Name rep = world_.or_nobody(owner_before(world_.order, deal, entry));
        cells.add({Measure::STAGE_CHANGES, By::REP, rep, world_.plain, pane}, pane, 1, sign);
    }

    // Whether a deal has been closed once, by a win for a lead, and nothing has happened to it since.
    static bool is_won_for_good(const Deal &deal, Name lead_id) {
        const Entry *last = deal.events.back();
        return deal.closes == 1 && last->kind == DEAL_WON && lead_of(deal, last->time_ms) == lead_id;
    }

  private:
    struct Age {
        Name facet;
        i64 ms;
    };

    void put_lead(Standing &standing, Measure measure, Account &account, Name lead_id, i64 time_ms, Name facet,
                  Minute pane) const {
        Name rep = world_.or_nobody(lead_rep(account, lead_id, time_ms));
        Name source = world_.or_nobody(lead_source(account, lead_id, time_ms));
        standing.set({measure, By::REP, rep, facet, pane}, 1);
        standing.set({measure, By::SOURCE, source, facet, pane}, 1);
    }

    // The deals among whose wins is a lead's earliest at any moment: none that were won only after a win for good.
    std::vector<Deal *> deciding_deals(Account &account, Name lead_id) const {
        std::vector<Deal *> won;
        for (Deal *deal : candidate_deals(account, lead_id)) {
            if (deal->closes && was_won(*deal)) {
                won.push_back(deal);
            }
        }
        if (won.size() < 2) {
            return won;
        }
        const Entry *first = nullptr;
        for (const Deal *deal : won) {
            if (is_won_for_good(*deal, lead_id) && (!first || world_.order.before(deal->events.back(), first))) {
                first = deal->events.back();
            }
        }
        if (first) {
            auto comes_after = [&](const Deal *deal) {
                return std::none_of(deal->events.begin(), deal->events.end(), [&](const Entry *entry) {
                    return entry->kind == DEAL_WON && !world_.order.before(first, entry);
                });
            };
            won.erase(std::remove_if(won.begin(), won.end(), comes_after), won.end());
        }
        return won;
    }

    Standing conversion_at(Account &account, Name lead_id, const std::vector<Deal *> &deals, i64 first_ms,
                           i64 time_ms) const {
        Standing standing;
        const Entry *close = nullptr;
        const Deal *won = nullptr;
        for (const Deal *deal : deals) {
            const Entry *standing_close = deal->close_at(time_ms);
            if (!standing_close || standing_close->kind != DEAL_WON || lead_of(*deal, time_ms) != lead_id) {
                continue;
            }
            if (!close || world_.order.before(standing_close, close)) {
                close = standing_close;
                won = deal;
            }
        }
        if (!close || time_ms < first_ms) {
            return standing;
        }
        i64 length_ms = close->time_ms - first_ms;
        Minute pane = minute_of(close->time_ms);
        Name bucket = world_.names.of(bucket_of(length_ms));
        const std::pair<By, Name> whose[] = {{By::REP, wins_.win_rep(*won, close)},
                                             {By::SOURCE, wins_.win_source(account, *won, close, time_ms)}};
        for (const auto &[by, value] : whose) {
            standing.set({Measure::CONVERT_MS, by, value, world_.plain, pane}, length_ms);
            standing.set({Measure::CONVERTED, by, value, world_.plain, pane}, 1);
            standing.set({Measure::CONVERT_BUCKET, by, value, bucket, pane}, 1);
        }
        for (const Age &age : ages_) {
            if (close->time_ms <= first_ms + age.ms && first_ms + age.ms <= time_ms) {
                put_lead(standing, Measure::COHORT_WON, account, lead_id, time_ms, age.facet, minute_of(first_ms));
            }
        }
        return standing;
    }

    // When a deal's lead or its source may change after its opening.
    void add_source_moments(Account &account, const Deal &deal, const Entry *opening, Moments &moments) const {
        i64 after_ms = opening->time_ms;
        Name base = opening->lead != NONE ? opening->lead : deal.implied_lead;
        std::vector<Name> leads = linked_leads(deal);
        if (std::any_of(leads.begin(), leads.end(), [&](Name lead_id) { return lead_id != base; })) {
            for (const Entry *entry : deal.events) {
                if (entry->time_ms > after_ms) {
                    moments.push_back(entry->time_ms);
                }
            }
        }
        Wins::add_lead_moments(account, deal, after_ms, moments);
    }

    World &world_;
    const Wins &wins_;
    std::vector<Age> ages_;
};

}  // namespace core
