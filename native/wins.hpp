// What a deal adds at its close, and what a win took; `stream.accounts.wins`, `.cycles` and `.sketch`.
#pragma once

#include <cmath>

#include "history.hpp"

namespace core {

constexpr i64 FULL_SHARE_BP = 10'000;

// The bucket of a length in milliseconds: DDSketch with 1 % relative error.
inline std::string bucket_of(i64 length_ms) {
    static const double log_gamma = std::log((1 + 0.01) / (1 - 0.01));
    if (!length_ms) {
        return "zero";
    }
    i64 size = length_ms < 0 ? -length_ms : length_ms;
    std::string index = std::to_string(static_cast<i64>(std::ceil(std::log(static_cast<double>(size)) / log_gamma)));
    return length_ms > 0 ? index : "n" + index;
}

class Wins {
  public:
    explicit Wins(World &world) : world_(world) {}

    // A closed deal: the loss, or the win and its money, at the minute of the close.
    void close_cells(Account &account, Name deal_id, Cells &cells, int sign) const {
        Deal *deal = account.deal(deal_id);
        if (!deal || !deal->closes) {
            return;
        }
        Moments moments = deal_moments(account, *deal);
        changes(moments, [&](i64 time_ms) { return close_at(account, *deal, time_ms); }, cells, sign);
    }

    // What a win took: its touches by kind, and its cycles, at the minute of the close.
    void effort_cells(Account &account, Name deal_id, Cells &cells, int sign) const {
        Deal *deal = account.deal(deal_id);
        if (!deal || !deal->closes || !was_won(*deal)) {
            return;
        }
        Moments moments = deal_moments(account, *deal);
        add_rival_moments(account, *deal, moments);
        changes(moments, [&](i64 time_ms) { return effort_at(account, *deal, time_ms); }, cells, sign);
    }

    // When something about a close may change: from the first close on, the deal's own events and its leads'.
    static Moments deal_moments(Account &account, const Deal &deal) {
        Moments moments;
        if (!deal.closes) {
            return moments;
        }
        i64 first_close = first_close_ms(deal);
        for (const Entry *entry : deal.events) {
            if (entry->time_ms >= first_close) {
                moments.push_back(entry->time_ms);
            }
        }
        add_lead_moments(account, deal, first_close, moments);
        return moments;
    }

    // When the leads of a deal are created anew after a moment.
    static void add_lead_moments(Account &account, const Deal &deal, i64 after_ms, Moments &moments) {
        for (Name lead_id : linked_leads(deal)) {
            if (const Lead *lead = account.lead(lead_id)) {
                for (const Entry *entry : lead->created) {
                    if (entry->time_ms > after_ms) {
                        moments.push_back(entry->time_ms);
                    }
                }
            }
        }
    }

    static i64 first_close_ms(const Deal &deal) {
        for (const Entry *entry : deal.events) {
            if (CLOSES.has(entry->kind)) {
                return entry->time_ms;
            }
        }
        throw std::logic_error("a deal counts closes and has none");
    }

    // Whose win it is, for counts: the largest share (a tie goes to the first listed), else the win's rep, else the
    // owner then.
    Name win_rep(const Deal &deal, const Entry *close) const {
        const auto &splits = close->further->splits;
        if (!splits.empty()) {
            auto largest = std::max_element(splits.begin(), splits.end(),
                                            [](const auto &a, const auto &b) { return a.second < b.second; });
            return largest->first;
        }
        return close->rep != NONE ? close->rep : world_.or_nobody(owner_before(world_.order, deal, close));
    }

    // The source of a win: its own, else its lead's.
    Name win_source(Account &account, const Deal &deal, const Entry *close, i64 time_ms) const {
        Name own = source_given(close);
        return own != NONE ? own : world_.or_nobody(lead_source(account, lead_of(deal, time_ms), time_ms));
    }

  private:
    Standing close_at(Account &account, const Deal &deal, i64 time_ms) const {
        Standing standing;
        const Entry *close = deal.close_at(time_ms);
        if (!close) {
            return standing;
        }
        Minute pane = minute_of(close->time_ms);
        Name of_lead = lead_source(account, lead_of(deal, time_ms), time_ms);
        if (close->kind != DEAL_WON) {
            Name rep = world_.or_nobody(owner_before(world_.order, deal, close));
            standing.set({Measure::DEALS_LOST, By::REP, rep, world_.plain, pane}, 1);
            standing.set({Measure::DEALS_LOST, By::SOURCE, world_.or_nobody(of_lead), world_.plain, pane}, 1);
            return standing;
        }
        const Further &data = *close->further;
        Name source = data.source != NONE ? data.source : world_.or_nobody(of_lead);
        standing.set({Measure::DEALS_WON, By::REP, win_rep(deal, close), world_.plain, pane}, 1);
        standing.set({Measure::DEALS_WON, By::SOURCE, source, world_.plain, pane}, 1);
        standing.set({Measure::REVENUE, By::SOURCE, source, data.currency, pane}, data.amount);
        Amount sum;
        for (const auto &[who, amount] : win_amounts(deal, close)) {
            standing.set({Measure::REVENUE, By::REP, who, data.currency, pane}, amount);
            standing.set({Measure::WON_AMOUNT, By::REP, who, data.currency, pane}, amount);
            sum += amount;
        }
        standing.set({Measure::WON_AMOUNT, By::SOURCE, source, data.currency, pane}, sum);
        return standing;
    }

    // The won amount by rep: basis points by largest remainder, ties to the first listed; of a rep twice the last.
    std::vector<std::pair<Name, i64>> win_amounts(const Deal &deal, const Entry *close) const {
        const Further &data = *close->further;
        if (data.splits.empty()) {
            return {{win_rep(deal, close), data.amount}};
        }
        std::vector<std::pair<i64, i64>> shares;  // whole, remainder
        i64 left = data.amount;
        for (const auto &[rep, share_bp] : data.splits) {
            __int128 part = static_cast<__int128>(data.amount) * share_bp;
            shares.emplace_back(static_cast<i64>(part / FULL_SHARE_BP), static_cast<i64>(part % FULL_SHARE_BP));
            left -= shares.back().first;
        }
        std::vector<std::size_t> by_remainder;
        for (std::size_t n = 0; n < shares.size(); ++n) {
            by_remainder.push_back(n);
        }
        std::stable_sort(by_remainder.begin(), by_remainder.end(),
                         [&](std::size_t a, std::size_t b) { return shares[a].second > shares[b].second; });
        for (std::size_t n = 0; n < by_remainder.size() && left > 0; ++n, --left) {
            ++shares[by_remainder[n]].first;
        }
        std::vector<std::pair<Name, i64>> amounts;
        for (std::size_t n = 0; n < shares.size(); ++n) {
            Name rep = data.splits[n].first;
            auto known =
                std::find_if(amounts.begin(), amounts.end(), [&](const auto &one) { return one.first == rep; });
            if (known == amounts.end()) {
                amounts.emplace_back(rep, shares[n].first);
            } else {
                known->second = shares[n].first;
            }
        }
        return amounts;
    }

    // When another deal of the same lead may come first, and take the lead's own touches.
    void add_rival_moments(Account &account, Deal &deal, Moments &moments) const {
        for (Name lead_id : linked_leads(deal)) {
            const Lead *lead = account.lead(lead_id);
            if (!lead || lead->touches.empty()) {
                continue;
            }
            std::vector<Deal *> rivals = contenders(world_.order, account, lead_id);
            if (rivals.size() < 2 || std::find(rivals.begin(), rivals.end(), &deal) == rivals.end()) {
                continue;
            }
            i64 first_close = first_close_ms(deal);
            for (const Deal *rival : rivals) {
                for (const Entry *entry : rival->events) {
                    if (entry->time_ms > first_close) {
                        moments.push_back(entry->time_ms);
                    }
                }
            }
        }
    }

    // What a win took, as known at a moment: nothing unless the deal stands won.
    Standing effort_at(Account &account, Deal &deal, i64 time_ms) const {
        Standing standing;
        const Entry *close = deal.close_at(time_ms);
        if (!close || close->kind != DEAL_WON) {
            return standing;
        }
        Minute pane = minute_of(close->time_ms);
        Name lead_id = lead_of(deal, time_ms), rep = win_rep(deal, close);
        Name source = source_given(close);
        source = source != NONE ? source : world_.or_nobody(lead_source(account, lead_id, time_ms));
        Entries touches = touches_until_close(account, deal, close, lead_id, time_ms);
        for (const Entry *touch : touches) {
            standing.add({Measure::TOUCHES_ON_WON, By::REP, rep, touch->word, pane}, 1);
            standing.add({Measure::TOUCHES_ON_WON, By::SOURCE, source, touch->word, pane}, 1);
        }
        put_cycles(account, deal, close, lead_id, touches, time_ms, rep, standing);
        return standing;
    }

    // Touches at or before the close that aren't post-sale: those that name the deal, and its lead's own if it is that
    // lead's earliest deal.
    Entries touches_until_close(Account &account, Deal &deal, const Entry *close, Name lead_id, i64 time_ms) const {
        const Lead *lead = account.lead(lead_id);
        bool with_lead =
            lead && !lead->touches.empty() && earliest_deal(world_.order, account, lead_id, time_ms) == &deal;
        bool is_simple = !with_lead && deal.closes == 1;
        // A touch that names the deal and comes before its only close names an open deal.
        Entries found;
        auto take = [&](const Entries &touches) {
            for (Entry *touch : touches) {
                if (touch->time_ms <= close->time_ms && touch->phase != POST_SALE &&
                    (is_simple || touch->phase != NO_PHASE || !is_post_sale(world_.order, account, touch))) {
                    found.push_back(touch);
                }
            }
        };
        take(deal.touches);
        if (with_lead) {
            take(lead->touches);
        }
        return found;
    }

    // Count a win's cycles: from each start that it has to its close, negative ones too; a start that is missing falls
    // back on the next.
    void put_cycles(Account &account, const Deal &deal, const Entry *close, Name lead_id, const Entries &touches,
                    i64 time_ms, Name rep, Standing &standing) const {
        const Entry *opened = nullptr;
        for (const Entry *entry : deal.events) {
            if (entry->kind == DEAL_OPENED) {
                opened = entry->time_ms <= time_ms ? entry : nullptr;
                break;
            }
        }
        const Entry *created = opened, *touched = nullptr;
        const Lead *lead = account.lead(lead_id);
        if (lead && !lead->created.empty() && lead->created[0]->time_ms <= time_ms) {
            created = lead->created[0];
        }
        for (const Entry *touch : touches) {
            touched = !touched || touch->time_ms < touched->time_ms ? touch : touched;
        }
        touched = touched ? touched : created;
        Minute pane = minute_of(close->time_ms);
        const std::pair<Name, const Entry *> starts[] = {
            {world_.first_touch, touched}, {world_.lead_created, created}, {world_.deal_opened, opened}};
        for (const auto &[anchor, start] : starts) {
            if (start) {
                i64 length_ms = close->time_ms - start->time_ms;
                standing.set({Measure::CYCLE_MS, By::REP, rep, anchor, pane}, length_ms);
                standing.set({Measure::CYCLE_DEALS, By::REP, rep, anchor, pane}, 1);
                std::string facet = std::string(world_.names.text(anchor)) + ":" + bucket_of(length_ms);
                standing.set({Measure::CYCLE_BUCKET, By::REP, rep, world_.names.of(facet), pane}, 1);
            }
        }
    }

    World &world_;
};

}  // namespace core
