// The fold: one event into one account, and what that adds to cells; `stream.accounts.fold`.
#pragma once

#include "ledger.hpp"
#include "parts.hpp"

namespace core {

enum class Verdict : u8 { ACCEPTED, DUPLICATE, SUPERSEDED, CONFLICT, TOO_OLD };

// Whether the data that an entry holds equals that of an event, though its bytes differ.
using SameData = std::function<bool(u8 kind, Text held, Text come)>;

// An event that is valid by itself; what it names lives as long as the call.
struct Come {
    u8 kind = 0;
    i64 time_ms = 0;
    Name source = NONE;
    Text id;
    u32 revision = 0;
    bool voided = false, backfill = false;
    Text data;  // MessagePack; empty if there is none
};

class Folder {
  public:
    Folder(World &world, const Ledger &ledger, SameData same_data, std::function<bool(Text, i64 &)> instant)
        : world_(world), ledger_(ledger), same_data_(std::move(same_data)), instant_(std::move(instant)) {}

    // Settle what is older than ``settle_before_ms``, judge an event, and let it count; what it adds goes into
    // ``cells``. ``stored`` is its entry if it was accepted.
    Verdict fold(Account &account, const Come &event, i64 received_ms, i64 settle_before_ms, Cells &cells,
                 Entry *&stored) const {
        if (settle_before_ms > account.settle_from_ms) {
            ledger_.settle(account, settle_before_ms);
        }
        u64 id_hash = hash_of(event.id);
        Entry *held = ledger_.held_as(account, event.source, event.id, id_hash);
        if (held && event.revision < held->revision) {
            return Verdict::SUPERSEDED;
        }
        if (held && event.revision == held->revision) {
            return same_as(*held, event) ? Verdict::DUPLICATE : Verdict::CONFLICT;
        }
        Text source = world_.names.text(event.source);
        if (account.settled && ledger_.is_settled(account, event.kind, event.time_ms, source, event.id, id_hash)) {
            return Verdict::TOO_OLD;
        }
        std::unique_ptr<Entry> entry = entry_of(event, received_ms, account.ids);
        if (held) {
            stored = entry.get();
            revise(account, held, stored, cells);
            ledger_.replace(account, held, std::move(entry));
            Ledger::look_again(account);
            return Verdict::ACCEPTED;
        }
        if (!entry->voided) {
            insert(account, entry.get(), cells);
        }
        stored = ledger_.remember(account, std::move(entry));
        if (stored->kind != TOUCH) {
            Ledger::look_again(account);
        }
        return Verdict::ACCEPTED;
    }

    // Let an entry that is read back from a row count.
    void attach(Account &account, Entry *entry) const { attaching_.attach(account, entry); }

    // Read what the data of an entry says.
    void read(Entry &entry, Text data, Ids &ids) const {
        world_.reader.read(entry, data, ids);
        if (entry.kind == APPOINTMENT_SET && entry.further && !entry.further->starts_at.empty()) {
            entry.further->has_plan = instant_(entry.further->starts_at, entry.further->plan_ms);
        }
        if (!entry.further && needs_further(entry.kind)) {
            entry.further = std::make_unique<Further>();
        }
    }

    // The ledger's form of an event; its chunk is set when it is stored.
    std::unique_ptr<Entry> entry_of(const Come &event, i64 received_ms, Ids &ids) const {
        auto entry = std::make_unique<Entry>();
        entry->kind = event.kind;
        entry->rank = world_.kinds.rank[event.kind];
        entry->time_ms = event.time_ms;
        entry->received_ms = received_ms;
        entry->source = event.source;
        entry->revision = event.revision;
        entry->voided = event.voided;
        entry->backfill = event.backfill;
        entry->hold(event.id, event.data);
        if (!event.data.empty()) {
            read(*entry, entry->data(), ids);
        }
        return entry;
    }

  private:
    static bool needs_further(u8 kind) {
        return ORDER_KINDS.has(kind) || kind == SURVEY_ANSWERED || kind == DEAL_WON || kind == STAGE_CHANGED ||
               kind == AMOUNT_CHANGED;
    }

    // Whether an event of the same identity and revision says what the ledger holds. A void says nothing but itself.
    bool same_as(const Entry &held, const Come &event) const {
        if (held.voided || event.voided) {
            return held.voided == event.voided && held.kind == event.kind;
        }
        if (held.kind != event.kind || held.time_ms != event.time_ms) {
            return false;
        }
        return held.data() == event.data || same_data_(held.kind, held.data(), event.data);
    }

    void insert(Account &account, Entry *entry, Cells &cells) const {
        if (entry->kind == TOUCH) {
            if (alone_.counts_for_no_close(account, entry)) {
                bool moved = open_deals_.follow(account, entry, cells);
                attaching_.attach(account, entry);
                orders_.touch_cells(entry, cells, 1);
                if (!moved) {
                    open_deals_.contact_cells(account, entry, cells, 1);
                }
                return;
            }
        } else {
            Parts parts;
            if (alone_.parts_alone(account, entry, parts) && open_deals_.follow(account, entry, cells)) {
                attaching_.attach(account, entry);
                parts_.added(account, entry, parts, cells);
                return;
            }
        }
        difference(account, nullptr, entry, cells);
    }

    // Let a higher revision count in the place of the one that is held.
    void revise(Account &account, Entry *old, Entry *next, Cells &cells) const {
        bool is_simple =
            old->kind == TOUCH && next->kind == TOUCH && !old->voided && alone_.counts_for_no_close(account, old);
        if (is_simple && (next->voided || alone_.counts_for_no_close(account, next))) {
            exchange_touches(account, old, next, cells);
        } else {
            difference(account, old, next, cells);
        }
    }

    // Let ``next`` count in place of ``old``; the difference that makes over everything either can affect.
    void difference(Account &account, Entry *old, Entry *next, Cells &cells) const {
        Entry *gone = old && !old->voided ? old : nullptr;
        Entry *come = next && !next->voided ? next : nullptr;
        Parts before = affected(account, gone, come);
        parts_.own_cells(account, gone, cells, -1);
        bool moved = come && !gone && open_deals_.follow(account, come, cells);
        Parts whole;
        if (!moved) {
            for (const Entry *entry : {gone, come}) {
                if (entry && DEAL_KINDS.has(entry->kind)) {
                    whole.push_back({Respect::OPEN, entry->deal});
                }
            }
            before.insert(before.end(), whole.begin(), whole.end());
            tidy(before);
        }
        if (gone && !moved) {
            add_contact(account, gone, whole, cells, -1);
        }
        add_parts(account, before, cells, -1);
        exchange(account, gone, come);
        Parts after = affected(account, gone, come);
        Parts late;
        std::set_difference(after.begin(), after.end(), before.begin(), before.end(), std::back_inserter(late));
        if (!late.empty()) {  // relations that only exist now: look at how these stood before
            exchange(account, come, gone);
            add_parts(account, late, cells, -1);
            exchange(account, gone, come);
        }
        add_parts(account, before, cells, 1);
        add_parts(account, late, cells, 1);
        parts_.own_cells(account, come, cells, 1);
        if (moved) {
            return;
        }
        if (come) {
            add_contact(account, come, whole, cells, 1);
        }
        if (gone || !whole.empty()) {  // a touch that came late leaves its deal where it is
            OpenDeals::unfollow(account, OpenDeals::deal_of(account, gone));
            OpenDeals::unfollow(account, OpenDeals::deal_of(account, come));
        }
    }

    Parts affected(Account &account, Entry *gone, Entry *come) const {
        Parts parts;
        parts_.affected(account, gone, parts);
        parts_.affected(account, come, parts);
        tidy(parts);
        return parts;
    }

    static void tidy(Parts &parts) {
        std::sort(parts.begin(), parts.end());
        parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
    }

    void add_parts(Account &account, const Parts &parts, Cells &cells, int sign) const {
        for (const Part &part : parts) {
            parts_.cells_of(account, part, cells, sign);
        }
    }

    // Add what a touch or an appointment adds to its deal's level, unless that is looked at as a whole.
    void add_contact(Account &account, Entry *entry, const Parts &whole, Cells &cells, int sign) const {
        Name deal_id = OpenDeals::deal_of(account, entry);
        if (deal_id != NONE && std::find(whole.begin(), whole.end(), Part{Respect::OPEN, deal_id}) == whole.end()) {
            open_deals_.contact_cells(account, entry, cells, sign);
        }
    }

    // Let a touch that counts for no close, or nothing if it is voided, count in the place of another such.
    void exchange_touches(Account &account, Entry *old, Entry *next, Cells &cells) const {
        for (auto [touch, sign] : {std::pair<Entry *, int>(old, -1), std::pair<Entry *, int>(next, 1)}) {
            if (touch->voided) {
                continue;
            }
            if (sign > 0) {
                attaching_.attach(account, touch);
            }
            orders_.touch_cells(touch, cells, sign);
            open_deals_.contact_cells(account, touch, cells, sign);
            OpenDeals::unfollow(account, OpenDeals::deal_of(account, touch));
            if (sign < 0) {
                attaching_.detach(account, touch);
            }
        }
    }

    void exchange(Account &account, Entry *gone, Entry *come) const {
        if (gone) {
            attaching_.detach(account, gone);
        }
        if (come) {
            attaching_.attach(account, come);
        }
    }

    World &world_;
    const Ledger &ledger_;
    SameData same_data_;
    std::function<bool(Text, i64 &)> instant_;
    Attaching attaching_{world_.order};
    Wins wins_{world_};
    Leads leads_{world_, wins_};
    Orders orders_{world_, wins_};
    OpenDeals open_deals_{world_};
    Alone alone_{world_, attaching_, orders_};
    PartCells parts_{world_, wins_, leads_, orders_, open_deals_, alone_};
};

}  // namespace core
