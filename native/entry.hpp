// Entries of the ledger: what an account remembers of an event, and the order in which entries stand.
#pragma once

#include <memory>
#include <utility>

#include "kinds.hpp"
#include "pack.hpp"
#include "pool.hpp"

namespace core {

enum Phase : u8 { NO_PHASE, PRE_SALE, POST_SALE };

// What only some kinds say: stages, money, shares, lines, scores.
struct Further : Pooled {
    Name stage = NONE, pipeline = NONE, currency = NONE, order = NONE, source = NONE;
    bool has_amount = false, has_lines = false, is_nps_kind = false;
    i64 amount = 0;
    Amount lines_total;
    u32 lines = 0;
    std::vector<std::pair<Name, i64>> splits;  // rep, basis points
    double score = 0, scale_min = 0, scale_max = 0;
    std::string starts_at;
    bool has_plan = false;
    i64 plan_ms = 0;  // when a planned appointment begins
};

struct Entry : Pooled {
    i64 time_ms = 0;
    i64 received_ms = 0;
    u64 id_hash = 0;
    u32 revision = 0;
    u32 chunk = 0;
    Name source = NONE;  // the publishing source; NONE once it has settled
    Name rep = NONE, deal = NONE, lead = NONE, word = NONE;  // word: the kind of a touch
    i64 duration_s = -1;
    u8 kind = 0, rank = 0;
    Phase phase = NO_PHASE;
    bool voided = false, backfill = false, automated = false;
    u32 id_size = 0, data_size = 0;
    Bytes held;  // the id, then the data as MessagePack; no data if it is voided
    std::unique_ptr<Further> further;

    Text id() const { return Text(held.get(), id_size); }
    Text data() const { return Text(held.get() + id_size, data_size); }
    std::size_t held_bytes() const {
        return sizeof(Entry) + 40 + id_size + data_size + (further ? sizeof(Further) + 16 : 0);
    }

    void hold(Text id, Text data) {
        Bytes both(id.size() + data.size());
        put(both.get(), id);
        put(both.get() + id.size(), data);
        held = std::move(both);
        id_size = static_cast<u32>(id.size());
        data_size = static_cast<u32>(data.size());
        id_hash = id.empty() ? 0 : hash_of(id);
    }

  private:
    static void put(char *place, Text text) {
        if (!text.empty()) {
            std::memcpy(place, text.data(), text.size());
        }
    }
};

using Entries = Vector<Entry *>;

// Where an entry stands: (time_ms, rank, source, id). A copy that outlives the entry.
struct Key {
    i64 time_ms = 0;
    u8 rank = 0;
    std::string source, id;
};

inline int compare(i64 time_a, u8 rank_a, Text source_a, Text id_a, i64 time_b, u8 rank_b, Text source_b, Text id_b) {
    if (time_a != time_b) {
        return time_a < time_b ? -1 : 1;
    }
    if (rank_a != rank_b) {
        return rank_a < rank_b ? -1 : 1;
    }
    int by_source = source_a.compare(source_b);
    return by_source ? by_source : id_a.compare(id_b);
}

// Compares entries; knows the texts behind sources.
class Order {
  public:
    explicit Order(const Names &names) : names_(names) {}

    Text source(const Entry &entry) const { return entry.source == NONE ? Text() : names_.text(entry.source); }

    bool before(const Entry *a, const Entry *b) const {
        if (a->time_ms != b->time_ms) {
            return a->time_ms < b->time_ms;
        }
        return compare(0, a->rank, source(*a), a->id(), 0, b->rank, source(*b), b->id()) < 0;
    }

    bool before(const Entry *a, const Key &b) const { return against(a, b) < 0; }
    bool after(const Entry *a, const Key &b) const { return against(a, b) > 0; }

    Key key(const Entry *entry) const {
        return Key{entry->time_ms, entry->rank, std::string(source(*entry)), std::string(entry->id())};
    }

    // The place of the first entry that doesn't stand before this one.
    std::size_t place(const Entries &entries, const Entry *entry) const {
        auto found = std::lower_bound(entries.begin(), entries.end(), entry,
                                      [this](const Entry *a, const Entry *b) { return before(a, b); });
        return static_cast<std::size_t>(found - entries.begin());
    }

    // Put an entry in its place; most come last.
    void insert(Entries &entries, Entry *entry) const {
        if (entries.empty() || entries.back()->time_ms < entry->time_ms) {
            entries.push_back(entry);
            return;
        }
        auto found = std::upper_bound(entries.begin(), entries.end(), entry,
                                      [this](const Entry *a, const Entry *b) { return before(a, b); });
        entries.insert(found, entry);
    }

    // Take the very entry out of a sorted list.
    void remove(Entries &entries, const Entry *entry) const {
        for (std::size_t at = place(entries, entry); at < entries.size(); ++at) {
            if (entries[at] == entry) {
                entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(at));
                return;
            }
        }
        throw std::logic_error("an entry is not where its account has put it");
    }

  private:
    int against(const Entry *a, const Key &b) const {
        return compare(a->time_ms, a->rank, source(*a), a->id(), b.time_ms, b.rank, b.source, b.id);
    }

    const Names &names_;
};

inline void remove_unordered(Entries &entries, const Entry *entry) {
    auto found = std::find(entries.begin(), entries.end(), entry);
    if (found == entries.end()) {
        throw std::logic_error("a touch is not among those of its deal or lead");
    }
    entries.erase(found);
}

}  // namespace core
