// What orders, purchases, answers, touches and appointments add; `stream.accounts.orders`, `.customers`, `.answers` and
// `.touches`.
#pragma once

#include "wins.hpp"

namespace core {

class Orders {
  public:
    Orders(World &world, const Wins &wins) : world_(world), wins_(wins) {}

    // An order's revenue at its day, its refunds each at their own.
    void order_cells(Account &account, Name order_id, Cells &cells, int sign) const {
        OrderEvents *order = account.order(order_id);
        if (!order) {
            return;
        }
        Moments moments;
        for (const Entry *entry : order->placed) {
            moments.push_back(entry->time_ms);
        }
        for (const Entry *entry : order->refunds) {
            moments.push_back(entry->time_ms);
        }
        if (!order->refunds.empty()) {
            std::vector<Name> deals;
            for (const Entry *entry : order->placed) {
                put_once(deals, entry->deal);
            }
            for (Name deal_id : deals) {
                if (Deal *deal = account.deal(deal_id)) {
                    Moments more = Wins::deal_moments(account, *deal);
                    moments.insert(moments.end(), more.begin(), more.end());
                }
            }
        }
        changes(moments, [&](i64 time_ms) { return order_at(account, *order, time_ms); }, cells, sign);
    }

    // A customer won, at the minute of the first order or of the first win that stands.
    void customer_cells(Account &account, Cells &cells, int sign) const {
        Entries purchases = first_purchases(account);
        Moments moments;
        for (const Entry *purchase : purchases) {
            if (purchase->kind == ORDER_PLACED) {
                for (const Entry *placed : account.order(purchase->further->order)->placed) {
                    moments.push_back(placed->time_ms);
                }
                continue;
            }
            Deal *deal = account.deal(purchase->deal);
            for (const Entry *entry : deal->events) {
                if (entry->time_ms >= purchase->time_ms) {
                    moments.push_back(entry->time_ms);
                }
            }
            Wins::add_lead_moments(account, *deal, purchase->time_ms, moments);
        }
        changes(moments, [&](i64 time_ms) { return customer_at(account, purchases, time_ms); }, cells, sign);
    }

    // The purchases that may be an account's first, in order, up to the first that nothing takes back.
    Entries first_purchases(Account &account) const {
        Entries found;
        Entry *order = account.placed.empty() ? nullptr : account.placed[0];
        for (Entry *win : account.wins) {
            if (order && world_.order.before(order, win)) {
                break;
            }
            found.push_back(win);
            if (!account.reclosed.has(win->deal)) {
                return found;
            }
        }
        if (order) {
            found.push_back(order);
        }
        return found;
    }

    // Whether a purchase may be an account's first at some moment, or is one of those.
    bool may_be_first(Account &account, const Entry *purchase) const {
        Entries firsts = first_purchases(account);
        if (firsts.empty() || !world_.order.before(firsts.back(), purchase)) {
            return true;
        }
        return firsts.back()->kind != ORDER_PLACED && account.reclosed.has(firsts.back()->deal);
    }

    static bool is_nps(const Entry *answer) {
        const Further &data = *answer->further;
        return data.is_nps_kind && data.scale_min == 0 && data.scale_max == 10;
    }

    // An answer takes the place of the customer's previous one, known when it comes.
    void answer_cells(const Entry *previous, const Entry *answer, Cells &cells, int sign) const {
        Minute known = minute_of(answer->time_ms);
        cells.add(address_of(answer), known, 1, sign);
        if (previous) {
            cells.add(address_of(previous), known, 1, -sign);
        }
    }

    // One touch by rep and kind, and its minutes if it was long; an automated one is counted as such, too.
    void touch_cells(const Entry *touch, Cells &cells, int sign) const {
        constexpr i64 LONG_S = 2'700, LONGEST_MIN = 720;
        Minute pane = minute_of(touch->time_ms);
        Name rep = world_.or_nobody(touch->rep);
        cells.add({Measure::TOUCHES, By::REP, rep, touch->word, pane}, pane, 1, sign);
        if (touch->automated) {
            cells.add({Measure::TOUCHES_AUTOMATED, By::REP, rep, touch->word, pane}, pane, 1, sign);
        } else if (touch->duration_s >= LONG_S) {
            i64 minutes = std::min(touch->duration_s / 60, LONGEST_MIN);
            cells.add({Measure::ENGAGED, By::REP, rep, world_.plain, pane}, pane, minutes, sign);
        }
    }

    void appointment_cells(const Entry *held, Cells &cells, int sign) const {
        Minute pane = minute_of(held->time_ms);
        cells.add({Measure::APPOINTMENTS_HELD, By::REP, world_.or_nobody(held->rep), world_.plain, pane}, pane, 1,
                  sign);
    }

    // An appointment at the moment at which it begins; nothing where that isn't said or lies in the past or far ahead.
    void plan_cells(const Entry *planned, Cells &cells, int sign) const {
        constexpr i64 PLANNED_AHEAD_MIN = 90 * 24 * 60;
        if (!planned->further || !planned->further->has_plan) {
            return;
        }
        Minute pane = minute_of(planned->further->plan_ms);
        i64 ahead = static_cast<i64>(pane) - minute_of(planned->time_ms);
        if (ahead >= 0 && ahead <= PLANNED_AHEAD_MIN) {
            cells.add({Measure::PLANNED, By::REP, world_.or_nobody(planned->rep), world_.plain, pane}, pane, 1, sign);
        }
    }

  private:
    void put(Standing &standing, Measure measure, Name rep, Name source, Name facet, Minute pane,
             const Amount &amount) const {
        standing.add({measure, By::REP, rep, facet, pane}, amount);
        standing.add({measure, By::SOURCE, source, facet, pane}, amount);
    }

    Standing order_at(Account &account, const OrderEvents &order, i64 time_ms) const {
        Standing standing;
        const Entry *last = nullptr;
        Name deal_id = NONE, rep = NONE;
        for (const Entry *entry : order.placed) {
            if (entry->time_ms <= time_ms) {
                last = entry;
                deal_id = entry->deal != NONE ? entry->deal : deal_id;
                rep = entry->rep != NONE ? entry->rep : rep;
            }
        }
        if (last && deal_id == NONE) {
            Minute pane = minute_of(order.placed[0]->time_ms);
            Name who = world_.or_nobody(rep);
            put(standing, Measure::REVENUE, who, world_.nobody, last->further->currency, pane,
                last->further->lines_total);
            put(standing, Measure::REVENUE_ORDERS, who, world_.nobody, world_.plain, pane, 1);
        }
        Deal *deal = account.deal(deal_id);
        const Entry *close = deal ? deal->close_at(time_ms) : nullptr;
        Name source = world_.nobody;
        if (close && close->kind == DEAL_WON) {
            source = wins_.win_source(account, *deal, close, time_ms);
            rep = rep != NONE ? rep : wins_.win_rep(*deal, close);
        }
        for (const Entry *refund : order.refunds) {
            const Further &data = *refund->further;
            Name currency = data.currency != NONE ? data.currency : last ? last->further->currency : NONE;
            if (refund->time_ms <= time_ms && currency != NONE) {
                Minute pane = minute_of(refund->time_ms);
                Name who = refund->rep != NONE ? refund->rep : world_.or_nobody(rep);
                Amount given_back = data.has_amount ? Amount(data.amount) : data.lines_total;
                put(standing, Measure::REVENUE, who, source, currency, pane, -given_back);
                put(standing, Measure::REFUNDS, who, source, world_.plain, pane, 1);
            }
        }
        return standing;
    }

    Standing customer_at(Account &account, const Entries &purchases, i64 time_ms) const {
        Standing standing;
        for (const Entry *purchase : purchases) {
            if (purchase->time_ms > time_ms) {
                break;
            }
            Name rep = NONE, source = NONE;
            if (purchase->kind == ORDER_PLACED) {
                for (const Entry *entry : account.order(purchase->further->order)->placed) {
                    rep = entry->time_ms <= time_ms && entry->rep != NONE ? entry->rep : rep;
                }
                rep = world_.or_nobody(rep);
            } else {
                Deal *deal = account.deal(purchase->deal);
                if (deal->close_at(time_ms) != purchase) {
                    continue;
                }
                rep = wins_.win_rep(*deal, purchase);
                source = lead_source(account, lead_of(*deal, time_ms), time_ms);
            }
            Minute pane = minute_of(purchase->time_ms);
            standing.set({Measure::CUSTOMERS_WON, By::REP, rep, world_.plain, pane}, 1);
            standing.set({Measure::CUSTOMERS_WON, By::SOURCE, world_.or_nobody(source), world_.plain, pane}, 1);
            return standing;
        }
        return standing;
    }

    Address address_of(const Entry *answer) const {
        double score = answer->further->score;
        Name facet = score >= 9 ? world_.promoter : score >= 7 ? world_.passive : world_.detractor;
        return {Measure::NPS_ANSWERS, By::REP, world_.or_nobody(answer->rep), facet, minute_of(answer->time_ms)};
    }

    World &world_;
    const Wins &wins_;
};

}  // namespace core
