// Questions about an account at a moment; `stream.accounts.history`. Nothing later changes an answer.
#pragma once

#include "cells.hpp"

namespace core {

inline Name named_lead(const Entry *entry) { return LINKING.has(entry->kind) ? entry->lead : NONE; }

// A deal's lead at a moment: the standing close's, else the latest that an `opened` gave, else the implied one.
inline Name lead_of(const Deal &deal, i64 time_ms) {
    Name named = NONE, closed = NONE;
    for (const Entry *entry : deal.events) {
        if (entry->time_ms > time_ms) {
            break;
        }
        if (CLOSES.has(entry->kind)) {
            closed = entry->lead;
        } else if (entry->kind == DEAL_REOPENED) {
            closed = NONE;
        } else if (entry->kind == DEAL_OPENED && entry->lead != NONE) {
            named = entry->lead;
        }
    }
    return closed != NONE ? closed : named != NONE ? named : deal.implied_lead;
}

inline void put_once(std::vector<Name> &names, Name name) {
    if (name != NONE && std::find(names.begin(), names.end(), name) == names.end()) {
        names.push_back(name);
    }
}

// Every lead that may be a deal's at some moment.
inline std::vector<Name> linked_leads(const Deal &deal) {
    std::vector<Name> leads;
    for (const Entry *entry : deal.events) {
        put_once(leads, named_lead(entry));
    }
    put_once(leads, deal.implied_lead);
    return leads;
}

// A lead's rep, or its source, at a moment: the latest `created` up to then that gives it.
template <typename Get> Name lead_field(Account &account, Name lead_id, Get get, i64 time_ms) {
    Name found = NONE;
    if (const Lead *lead = account.lead(lead_id)) {
        for (const Entry *entry : lead->created) {
            if (entry->time_ms > time_ms) {
                break;
            }
            Name value = get(entry);
            found = value != NONE ? value : found;
        }
    }
    return found;
}

inline Name source_given(const Entry *entry) { return entry->further ? entry->further->source : NONE; }

inline Name lead_source(Account &account, Name lead_id, i64 time_ms) {
    return lead_field(account, lead_id, source_given, time_ms);
}

inline Name lead_rep(Account &account, Name lead_id, i64 time_ms) {
    return lead_field(account, lead_id, [](const Entry *entry) { return entry->rep; }, time_ms);
}

// Who owned a deal just before an entry: the latest rep that an `opened` or an `owner_changed` names.
inline Name owner_before(const Order &order, const Deal &deal, const Entry *moment) {
    Name owner = NONE;
    for (const Entry *entry : deal.events) {
        if (!order.before(entry, moment)) {
            break;
        }
        if (entry->kind == DEAL_OPENED || entry->kind == OWNER_CHANGED) {
            owner = entry->rep;
        }
    }
    return owner;
}

// Every deal whose lead this is at some moment; a few may turn out not to be.
inline std::vector<Deal *> candidate_deals(Account &account, Name lead_id) {
    std::vector<Deal *> found;
    Few<int> *named = account.lead_deals.find(lead_id);
    if (named) {
        for (auto &[deal_id, count] : *named) {
            found.push_back(account.deal(deal_id));
        }
    }
    if (Few<Deal *> *implied = account.implied_deals.find(lead_id)) {
        for (auto &[deal_id, deal] : *implied) {
            if (!named || !named->has(deal_id)) {
                found.push_back(deal);
            }
        }
    }
    return found;
}

// The earliest deal (by its first own event) whose lead this is at a moment.
inline Deal *earliest_deal(const Order &order, Account &account, Name lead_id, i64 time_ms) {
    Deal *first = nullptr;
    for (Deal *deal : candidate_deals(account, lead_id)) {
        if (deal->events.empty() || deal->events[0]->time_ms > time_ms || lead_of(*deal, time_ms) != lead_id) {
            continue;
        }
        if (!first || order.before(deal->events[0], first->events[0])) {
            first = deal;
        }
    }
    return first;
}

// Whether a deal has one lead from its beginning on, and no other at any moment.
inline bool is_always_of(const Deal &deal, Name lead_id) {
    const Entry *opening = deal.events[0];
    Name base = opening->kind == DEAL_OPENED ? opening->lead : NONE;
    base = base != NONE ? base : deal.implied_lead;
    std::vector<Name> leads = linked_leads(deal);
    return base == lead_id && leads.size() == 1 && leads[0] == lead_id;
}

// The deals that may be a lead's earliest at some moment: none that begin after one that is the lead's for ever.
inline std::vector<Deal *> contenders(const Order &order, Account &account, Name lead_id) {
    std::vector<Deal *> begun;
    for (Deal *deal : candidate_deals(account, lead_id)) {
        if (!deal->events.empty()) {
            begun.push_back(deal);
        }
    }
    if (begun.size() < 2) {
        return begun;
    }
    const Entry *first = nullptr;
    for (Deal *deal : begun) {
        if (is_always_of(*deal, lead_id) && (!first || order.before(deal->events[0], first))) {
            first = deal->events[0];
        }
    }
    if (first) {
        begun.erase(std::remove_if(begun.begin(), begun.end(),
                                   [&](Deal *deal) { return order.before(first, deal->events[0]); }),
                    begun.end());
    }
    return begun;
}

// The first order, or win that still stands, before an entry.
inline const Entry *first_purchase_before(const Order &order, Account &account, const Entry *moment) {
    const Entry *first = nullptr;
    if (!account.placed.empty() && order.before(account.placed[0], moment)) {
        first = account.placed[0];
    }
    for (const Entry *win : account.wins) {
        if (!order.before(win, moment) || (first && order.before(first, win))) {
            break;
        }
        if (account.deal(win->deal)->close_before(order, moment) == win) {
            return win;
        }
    }
    return first;
}

// Whether the account is a customer just before an entry: from onboarded, reactivated or the first purchase on, until
// churned.
inline bool is_customer_before(const Order &order, Account &account, const Entry *moment) {
    const Entry *first = first_purchase_before(order, account, moment);
    bool active = false, ever = false;
    for (const Entry *entry : account.customer) {
        if (!order.before(entry, moment)) {
            break;
        }
        if (first && !ever && order.before(first, entry)) {
            active = ever = true;
        }
        if (entry->kind == CUSTOMER_CHURNED) {
            active = false;
        } else {
            active = ever = true;
        }
    }
    return active || (first && !ever);
}

// Whether a touch is post-sale: it says so, or it says nothing, the account is a customer and it names no open deal.
inline bool is_post_sale(const Order &order, Account &account, const Entry *touch) {
    if (touch->phase != NO_PHASE) {
        return touch->phase == POST_SALE;
    }
    if (touch->deal != NONE && !account.deal(touch->deal)->close_before(order, touch)) {
        return false;
    }
    return is_customer_before(order, account, touch);
}

inline bool was_won(const Deal &deal) {
    return std::any_of(deal.events.begin(), deal.events.end(),
                       [](const Entry *entry) { return entry->kind == DEAL_WON; });
}

}  // namespace core
