// Which events change nothing but what they add themselves; `stream.accounts.alone`.
#pragma once

#include "attaching.hpp"
#include "leads.hpp"
#include "orders.hpp"

namespace core {

// What one entity adds in one respect.
enum class Respect : u8 { LEAD, CONVERSION, OPENED, OPEN, STAGES, CLOSE, EFFORT, ORDER, CUSTOMER };

struct Part {
    Respect respect;
    Name id;

    bool operator==(const Part &other) const { return respect == other.respect && id == other.id; }
    bool operator<(const Part &other) const {
        return respect != other.respect ? respect < other.respect : id < other.id;
    }
};

using Parts = std::vector<Part>;

class Alone {
  public:
    Alone(World &world, const Attaching &attaching, const Orders &orders)
        : order_(world.order), attaching_(attaching), orders_(orders) {}

    // Whether a touch comes after every win it could count for, or names nothing at all.
    bool counts_for_no_close(Account &account, const Entry *touch) const {
        i64 time_ms = touch->time_ms;
        if (time_ms > account.last_close_ms) {
            return true;
        }
        if (touch->deal != NONE) {
            Deal *deal = account.deal(touch->deal);
            return !deal || is_past(*deal, time_ms);
        }
        if (touch->lead == NONE) {
            return true;
        }
        for (const Deal *deal : contenders(order_, account, touch->lead)) {
            if (!is_past(*deal, time_ms)) {
                return false;
            }
        }
        return true;
    }

    // The parts that a new event brings into being, if it changes nothing else but what it adds itself; else false.
    bool parts_alone(Account &account, const Entry *entry, Parts &parts) const {
        u8 kind = entry->kind;
        if (kind == LEAD_CREATED) {
            parts.push_back({Respect::LEAD, entry->lead});
            return lead_alone(account, entry);
        }
        if (!PHASE_KINDS.has(kind) && !DEAL_KINDS.has(kind)) {
            return kind != ORDER_REFUNDED;
        }
        bool is_last = entry->time_ms > account.last_close_ms;
        if (!is_last && PHASE_KINDS.has(kind) && phases_after(account, entry)) {
            return false;
        }
        if (kind == ORDER_PLACED) {
            return order_alone(account, entry, parts);
        }
        return DEAL_KINDS.has(kind) ? deal_alone(account, entry, is_last, parts) : true;
    }

    // Whether some later touch up to the last close may change its phase when this event comes or goes.
    bool phases_after(Account &account, const Entry *entry) const {
        if (entry->time_ms > account.last_close_ms) {
            return false;
        }
        auto [low, high] = phaseless_after(account, entry);
        if (low == high && account.reclosed.empty()) {
            return false;
        }
        return !was_customer_anyway(account, entry);
    }

    // Touches of leads that give no phase, from the event's time to the last close: the first, and the end.
    static std::pair<std::size_t, std::size_t> phaseless_after(Account &account, const Entry *entry) {
        const Entries &touches = account.phaseless;
        auto low = std::lower_bound(touches.begin(), touches.end(), entry->time_ms,
                                    [](const Entry *touch, i64 time_ms) { return touch->time_ms < time_ms; });
        auto high = std::upper_bound(touches.begin(), touches.end(), account.last_close_ms,
                                     [](i64 time_ms, const Entry *touch) { return time_ms < touch->time_ms; });
        if (high < low) {
            high = low;
        }
        return {static_cast<std::size_t>(low - touches.begin()), static_cast<std::size_t>(high - touches.begin())};
    }

  private:
    // Whether a deal was never won up to any moment from ``time_ms`` on.
    static bool is_past(const Deal &deal, i64 time_ms) {
        return !deal.closes || time_ms > deal.events.back()->time_ms || !was_won(deal);
    }

    // Whether a lead is new, and no deal's: none names it, none that names no lead begins after it.
    bool lead_alone(Account &account, const Entry *entry) const {
        const Lead *lead = account.lead(entry->lead);
        if ((lead && !lead->created.empty()) || account.lead_deals.has(entry->lead)) {
            return false;
        }
        if (account.loose_deals.empty() || !account.newest_first) {
            return true;
        }
        return order_.after(entry, *account.newest_first);
    }

    bool order_alone(Account &account, const Entry *entry, Parts &parts) const {
        if (account.order(entry->further->order)) {
            return false;
        }
        if (entry->deal == NONE) {
            parts.push_back({Respect::ORDER, entry->further->order});
        }
        return customer_alone(account, entry, parts);
    }

    bool customer_alone(Account &account, const Entry *purchase, Parts &parts) const {
        if (account.placed.empty() && account.wins.empty()) {
            parts.push_back({Respect::CUSTOMER, NONE});
            return true;
        }
        return !orders_.may_be_first(account, purchase);
    }

    bool deal_alone(Account &account, const Entry *entry, bool is_last, Parts &parts) const {
        u8 kind = entry->kind;
        Name deal_id = entry->deal, lead_id = named_lead(entry);
        Deal *deal = account.deal(deal_id);
        if (deal && !deal->events.empty()) {
            if (deal->closes || account.reclosed.has(deal_id) || entry->time_ms <= deal->events.back()->time_ms) {
                return false;
            }
            if (kind == DEAL_OPENED || (lead_id != NONE && lead_id != lead_of(*deal, entry->time_ms))) {
                return false;
            }
        } else if (!is_last && !account.touched_leads.empty()) {
            bool is_untouched = lead_id != NONE && !account.touched_leads.has(lead_id);
            if (kind != DEAL_OPENED || !is_untouched) {
                return false;
            }
        }
        if (kind == DEAL_WON) {
            return win_alone(account, entry, deal, parts);
        }
        if (kind == DEAL_OPENED) {
            parts.push_back({Respect::OPENED, deal_id});
        } else if (kind == DEAL_LOST) {
            parts.push_back({Respect::CLOSE, deal_id});
        }
        return true;
    }

    // The parts of a deal's first win, its last event: itself, its lead's conversion, the customer.
    bool win_alone(Account &account, const Entry *entry, Deal *deal, Parts &parts) const {
        Name deal_id = entry->deal, lead_id = entry->lead;
        parts.push_back({Respect::CLOSE, deal_id});
        parts.push_back({Respect::EFFORT, deal_id});
        if (account.fulfilling.has(deal_id)) {
            return false;
        }
        if (lead_id == NONE) {
            bool has_events = deal && !deal->events.empty();
            lead_id = has_events ? lead_of(*deal, entry->time_ms) : attaching_.lead_before(account, entry);
        }
        if (lead_id != NONE && !was_won_before(account, lead_id, entry)) {
            for (const Deal *other : candidate_deals(account, lead_id)) {
                if (other->closes && was_won(*other)) {
                    return false;
                }
            }
            parts.push_back({Respect::CONVERSION, lead_id});
        }
        return customer_alone(account, entry, parts);
    }

    // Whether a lead was won for good before another win of it.
    bool was_won_before(Account &account, Name lead_id, const Entry *win) const {
        for (const Deal *deal : candidate_deals(account, lead_id)) {
            if (deal->closes && Leads::is_won_for_good(*deal, lead_id) && order_.before(deal->events.back(), win)) {
                return true;
            }
        }
        return false;
    }

    // Whether another purchase that nothing takes back came before this one, so that this one isn't the first.
    bool was_customer_anyway(Account &account, const Entry *entry) const {
        if (CUSTOMER_KINDS.has(entry->kind)) {
            return false;
        }
        Name order_id = entry->kind == ORDER_PLACED ? entry->further->order : NONE;
        for (const Entry *placed : account.placed) {
            if (!order_.before(placed, entry)) {
                break;
            }
            if (placed->further->order != order_id) {
                return true;
            }
        }
        Name deal_id = order_id == NONE ? entry->deal : NONE;
        for (const Entry *win : account.wins) {
            if (!order_.before(win, entry)) {
                break;
            }
            if (win->deal != deal_id && !account.reclosed.has(win->deal)) {
                return true;
            }
        }
        return false;
    }

    const Order &order_;
    const Attaching &attaching_;
    const Orders &orders_;
};

}  // namespace core
