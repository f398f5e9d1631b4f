// How an event comes to count in its account, and ceases to; `stream.accounts.attaching`.
#pragma once

#include "history.hpp"

namespace core {

class Attaching {
  public:
    explicit Attaching(const Order &order) : order_(order) {}

    // Let an event that isn't voided count.
    void attach(Account &account, Entry *entry) const {
        u8 kind = entry->kind;
        if (kind == TOUCH) {
            attach_touch(account, entry);
        } else if (DEAL_KINDS.has(kind)) {
            attach_to_deal(account, entry);
        } else if (kind == LEAD_CREATED) {
            order_.insert(account.lead_made(entry->lead)->created, entry);
            order_.insert(account.created, entry);
            imply_after(account, entry);
        } else if (kind == ORDER_PLACED) {
            Name order_id = entry->further->order;
            order_.insert(account.order_made(order_id)->placed, entry);
            order_.insert(account.placed, entry);
            if (entry->deal != NONE) {
                ++account.fulfilling[entry->deal][order_id];
            }
        } else if (kind == ORDER_REFUNDED) {
            order_.insert(account.order_made(entry->further->order)->refunds, entry);
        } else if (kind == SURVEY_ANSWERED) {
            order_.insert(account.answers, entry);
        } else if (CUSTOMER_KINDS.has(kind)) {
            order_.insert(account.customer, entry);
        } else if (kind == APPOINTMENT_HELD && entry->deal != NONE) {
            order_.insert(account.deal_made(entry->deal)->held, entry);
        }
    }

    // Let an event that `attach` took no longer count.
    void detach(Account &account, Entry *entry) const {
        u8 kind = entry->kind;
        if (kind == TOUCH) {
            detach_touch(account, entry);
        } else if (DEAL_KINDS.has(kind)) {
            Deal *deal = account.deal(entry->deal);
            order_.remove(deal->events, entry);
            deal->closes -= CLOSES.has(kind);
            if (kind == DEAL_WON) {
                order_.remove(account.wins, entry);
            }
            if (Name lead_id = named_lead(entry)) {
                count_down(*account.lead_deals.find(lead_id), entry->deal);
            }
            note_first(account, entry->deal, deal);
        } else if (kind == LEAD_CREATED) {
            order_.remove(account.lead(entry->lead)->created, entry);
            order_.remove(account.created, entry);
            imply_after(account, entry);
        } else if (kind == ORDER_PLACED) {
            order_.remove(account.order(entry->further->order)->placed, entry);
            order_.remove(account.placed, entry);
            if (entry->deal != NONE) {
                count_down(*account.fulfilling.find(entry->deal), entry->further->order);
            }
        } else if (kind == ORDER_REFUNDED) {
            order_.remove(account.order(entry->further->order)->refunds, entry);
        } else if (kind == SURVEY_ANSWERED) {
            order_.remove(account.answers, entry);
        } else if (CUSTOMER_KINDS.has(kind)) {
            order_.remove(account.customer, entry);
        } else if (kind == APPOINTMENT_HELD && entry->deal != NONE) {
            remove_unordered(account.deal(entry->deal)->held, entry);
        }
    }

    // The account's latest lead that was first created before an entry.
    Name lead_before(Account &account, const Entry *moment) const {
        for (std::size_t at = order_.place(account.created, moment); at;) {
            --at;
            Name lead_id = account.created[at]->lead;
            if (account.lead(lead_id)->created[0] == account.created[at]) {
                return lead_id;
            }
        }
        return NONE;
    }

  private:
    static void count_down(Few<int> &counts, Name name) {
        if (!--counts[name]) {
            counts.erase(name);
        }
    }

    void attach_to_deal(Account &account, Entry *entry) const {
        Deal *deal = account.deal_made(entry->deal);
        order_.insert(deal->events, entry);
        if (CLOSES.has(entry->kind)) {
            ++deal->closes;
            account.last_close_ms = std::max(account.last_close_ms, entry->time_ms);
        }
        if (entry->kind == DEAL_WON) {
            order_.insert(account.wins, entry);
        }
        if (entry->kind == DEAL_REOPENED || deal->closes > 1) {
            account.reclosed[entry->deal] = deal;
        }
        if (Name lead_id = named_lead(entry)) {
            ++account.lead_deals[lead_id][entry->deal];
        }
        if (deal->events[0] == entry) {
            note_first(account, entry->deal, deal);
        }
    }

    void attach_touch(Account &account, Entry *touch) const {
        if (touch->deal != NONE) {
            account.deal_made(touch->deal)->touches.push_back(touch);
        } else if (touch->lead != NONE) {
            Lead *&lead = account.touched_leads[touch->lead];
            if (!lead) {
                lead = account.lead_made(touch->lead);
            }
            lead->touches.push_back(touch);
            if (touch->phase == NO_PHASE) {
                order_.insert(account.phaseless, touch);
            }
        }
    }

    static void detach_touch(Account &account, Entry *touch) {
        if (touch->deal != NONE) {
            remove_unordered(account.deal(touch->deal)->touches, touch);
        } else if (touch->lead != NONE) {
            remove_unordered(account.lead(touch->lead)->touches, touch);
            if (touch->phase == NO_PHASE) {
                remove_unordered(account.phaseless, touch);
            }
        }
    }

    // Keep what is known of a deal's beginning in step with its events.
    void note_first(Account &account, Name deal_id, Deal *deal) const {
        const Entry *first = deal->events.empty() ? nullptr : deal->events[0];
        if (!first || (first->kind == DEAL_OPENED && first->lead != NONE)) {
            account.loose_deals.erase(deal_id);
        } else {
            account.loose_deals[deal_id] = deal;
        }
        imply(account, deal_id, deal);
        if (first && (!account.newest_first || order_.after(first, *account.newest_first))) {
            account.newest_first = std::make_unique<Key>(order_.key(first));
        }
    }

    // A lead came or went: look again at the loose deals that begin after it.
    void imply_after(Account &account, const Entry *lead_entry) const {
        if (account.newest_first && order_.before(lead_entry, *account.newest_first)) {
            for (auto &[deal_id, deal] : account.loose_deals) {
                if (order_.before(lead_entry, deal->events[0])) {
                    imply(account, deal_id, deal);
                }
            }
        }
    }

    // Note a deal's lead, if it begins without naming one.
    void imply(Account &account, Name deal_id, Deal *deal) const {
        Name lead_id = NONE;
        if (account.loose_deals.has(deal_id)) {  // else it begins with an `opened` that names a lead, and needs none
            lead_id = lead_before(account, deal->events[0]);
        }
        if (deal->implied_lead == lead_id) {
            return;
        }
        if (deal->implied_lead != NONE) {
            if (Few<Deal *> *implied = account.implied_deals.find(deal->implied_lead)) {
                implied->erase(deal_id);
            }
        }
        deal->implied_lead = lead_id;
        if (lead_id != NONE) {
            account.implied_deals[lead_id][deal_id] = deal;
        }
    }

    const Order &order_;
};

}  // namespace core
