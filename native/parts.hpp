// The parts of an account's contributions, and which of them an event can change; `stream.accounts.parts`.
#pragma once

#include "alone.hpp"
#include "open_deals.hpp"

namespace core {

class PartCells {
  public:
    PartCells(World &world, const Wins &wins, const Leads &leads, const Orders &orders, const OpenDeals &open_deals,
              const Alone &alone)
        : order_(world.order), wins_(wins), leads_(leads), orders_(orders), open_deals_(open_deals), alone_(alone) {}

    // What a part adds as the account stands; nothing for an entity that isn't there.
    void cells_of(Account &account, const Part &part, Cells &cells, int sign) const {
        switch (part.respect) {
            case Respect::LEAD: leads_.lead_cells(account, part.id, cells, sign); break;
            case Respect::CONVERSION: leads_.conversion_cells(account, part.id, cells, sign); break;
            case Respect::OPENED: leads_.opened_cells(account, part.id, cells, sign); break;
            case Respect::OPEN: open_deals_.open_cells(account, part.id, cells, sign); break;
            case Respect::STAGES: leads_.stage_cells(account, part.id, cells, sign); break;
            case Respect::CLOSE: wins_.close_cells(account, part.id, cells, sign); break;
            case Respect::EFFORT: wins_.effort_cells(account, part.id, cells, sign); break;
            case Respect::ORDER: orders_.order_cells(account, part.id, cells, sign); break;
            case Respect::CUSTOMER: orders_.customer_cells(account, cells, sign); break;
        }
    }

    // What an attached event adds that stands alone: the parts it brought into being, and itself.
    void added(Account &account, Entry *entry, const Parts &parts, Cells &cells) const {
        if (entry->kind == STAGE_CHANGED) {
            leads_.stage_change(*account.deal(entry->deal), entry, cells, 1);
        } else if (parts.empty()) {
            own_cells(account, entry, cells, 1);
        }
        for (const Part &part : parts) {
            cells_of(account, part, cells, 1);
        }
    }

    // What a touch or an appointment adds by itself, or an answer with its neighbours, while it is attached.
    void own_cells(Account &account, Entry *entry, Cells &cells, int sign) const {
        if (!entry) {
            return;
        }
        if (entry->kind == TOUCH) {
            orders_.touch_cells(entry, cells, sign);
        } else if (entry->kind == APPOINTMENT_HELD) {
            orders_.appointment_cells(entry, cells, sign);
        } else if (entry->kind == APPOINTMENT_SET) {
            orders_.plan_cells(entry, cells, sign);
        } else if (entry->kind == SURVEY_ANSWERED && Orders::is_nps(entry)) {
            auto [previous, following] = neighbours(account.answers, entry);
            orders_.answer_cells(previous, entry, cells, sign);
            if (following) {
                orders_.answer_cells(entry, following, cells, sign);
                orders_.answer_cells(previous, following, cells, -sign);
            }
        }
    }

    // The parts that may change when this event comes or goes, as the account stands now.
    void affected(Account &account, Entry *entry, Parts &parts) const {
        if (!entry) {
            return;
        }
        u8 kind = entry->kind;
        if (kind == TOUCH) {
            if (entry->deal != NONE) {
                effort_of(account.deal(entry->deal), parts);
            } else if (entry->lead != NONE) {
                efforts_for(account, entry->lead, parts);
            }
        } else if (kind == LEAD_CREATED) {
            lead_affects(account, entry, parts);
        } else if (DEAL_KINDS.has(kind)) {
            deal_affects(account, entry, parts);
        } else if (ORDER_KINDS.has(kind)) {
            Name order_id = entry->further->order;
            parts.push_back({Respect::ORDER, order_id});
            if (kind == ORDER_PLACED && (orders_.may_be_first(account, entry) || was_first(account, order_id))) {
                parts.push_back({Respect::CUSTOMER, NONE});
            }
        }
        if (PHASE_KINDS.has(kind)) {
            customer_affects(account, entry, parts);
        }
    }

  private:
    // The customer's NPS answers just before and just after one that is in the list.
    std::pair<Entry *, Entry *> neighbours(const Entries &answers, const Entry *entry) const {
        std::size_t place = order_.place(answers, entry), before = place, after = place + 1;
        while (before > 0 && !Orders::is_nps(answers[before - 1])) {
            --before;
        }
        while (after < answers.size() && !Orders::is_nps(answers[after])) {
            ++after;
        }
        return {before > 0 ? answers[before - 1] : nullptr, after < answers.size() ? answers[after] : nullptr};
    }

    // What a win took, if the deal was ever won.
    static void effort_of(const Deal *deal, Parts &parts) {
        if (deal && deal->closes && was_won(*deal)) {
            parts.push_back({Respect::EFFORT, deal->id});
        }
    }

    void efforts_for(Account &account, Name lead_id, Parts &parts) const {
        for (const Deal *deal : contenders(order_, account, lead_id)) {
            effort_of(deal, parts);
        }
    }

    static void efforts_among(Account &account, Name lead_id, Parts &parts) {
        for (const Deal *deal : candidate_deals(account, lead_id)) {
            effort_of(deal, parts);
        }
    }

    static void orders_of(Account &account, Name deal_id, Parts &parts) {
        if (Few<int> *orders = account.fulfilling.find(deal_id)) {
            for (auto &[order_id, count] : *orders) {
                parts.push_back({Respect::ORDER, order_id});
            }
        }
    }

    bool was_first(Account &account, Name order_id) const {
        for (const Entry *purchase : orders_.first_purchases(account)) {
            if (purchase->kind == ORDER_PLACED && purchase->further->order == order_id) {
                return true;
            }
        }
        return false;
    }

    // A lead gives its deals their source; one that comes between may become the lead of deals that name none.
    void lead_affects(Account &account, Entry *entry, Parts &parts) const {
        Name lead_id = entry->lead;
        parts.push_back({Respect::LEAD, lead_id});
        parts.push_back({Respect::CONVERSION, lead_id});
        std::vector<Name> changed;
        for (const Deal *deal : candidate_deals(account, lead_id)) {
            changed.push_back(deal->id);
        }
        if (account.newest_first && order_.before(entry, *account.newest_first)) {
            for (auto &[deal_id, deal] : account.loose_deals) {
                if (!deal->events.empty() && order_.before(entry, deal->events[0])) {
                    changed.push_back(deal_id);
                    if (deal->implied_lead != NONE) {
                        parts.push_back({Respect::CONVERSION, deal->implied_lead});
                        efforts_among(account, deal->implied_lead, parts);
                    }
                }
            }
        }
        std::sort(changed.begin(), changed.end());
        changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
        for (Name deal_id : changed) {
            parts.push_back({Respect::OPENED, deal_id});
            parts.push_back({Respect::CLOSE, deal_id});
            effort_of(account.deal(deal_id), parts);
            orders_of(account, deal_id, parts);
        }
        for (const Entry *purchase : orders_.first_purchases(account)) {
            if (purchase->kind != ORDER_PLACED && std::binary_search(changed.begin(), changed.end(), purchase->deal)) {
                parts.push_back({Respect::CUSTOMER, NONE});
            }
        }
    }

    // A deal's own event affects the deal, its lead, its rivals for the lead's touches, and refunds of its orders.
    void deal_affects(Account &account, Entry *entry, Parts &parts) const {
        Name deal_id = entry->deal;
        Deal *deal = account.deal(deal_id);
        parts.push_back({Respect::OPENED, deal_id});
        if (OWNING.has(entry->kind)) {
            parts.push_back({Respect::STAGES, deal_id});
        }
        std::vector<Name> leads = deal ? linked_leads(*deal) : std::vector<Name>();
        put_once(leads, named_lead(entry));
        for (Name lead_id : leads) {
            const Lead *lead = account.lead(lead_id);
            if (lead && !lead->touches.empty()) {
                efforts_among(account, lead_id, parts);
            }
        }
        bool has_closes = deal && deal->closes;
        if (CLOSES.has(entry->kind) || has_closes) {
            parts.push_back({Respect::CLOSE, deal_id});
            orders_of(account, deal_id, parts);
        }
        if (entry->kind == DEAL_WON || (has_closes && was_won(*deal))) {
            parts.push_back({Respect::EFFORT, deal_id});
            for (Name lead_id : leads) {
                parts.push_back({Respect::CONVERSION, lead_id});
            }
            bool may_be_first = orders_.may_be_first(account, entry);
            for (const Entry *purchase : may_be_first ? Entries() : orders_.first_purchases(account)) {
                may_be_first = may_be_first || purchase->deal == deal_id;
            }
            if (may_be_first) {
                parts.push_back({Respect::CUSTOMER, NONE});
            }
        }
    }

    // Whether the account is a customer decides the phase of later touches that give none.
    void customer_affects(Account &account, Entry *entry, Parts &parts) const {
        if (!alone_.phases_after(account, entry)) {
            return;
        }
        auto [low, high] = Alone::phaseless_after(account, entry);
        std::vector<Name> leads;
        for (std::size_t at = low; at < high; ++at) {
            put_once(leads, account.phaseless[at]->lead);
        }
        for (Name lead_id : leads) {
            efforts_for(account, lead_id, parts);
        }
        for (auto &[deal_id, deal] : account.reclosed) {
            if (!deal->events.empty() && deal->events.back()->time_ms >= entry->time_ms) {
                effort_of(deal, parts);
            }
        }
    }

    const Order &order_;
    const Wins &wins_;
    const Leads &leads_;
    const Orders &orders_;
    const OpenDeals &open_deals_;
    const Alone &alone_;
};

}  // namespace core
