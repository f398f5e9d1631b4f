// The ledger: what an account remembers by identity, in which row each entry is, and when some settle;
// `stream.accounts.ledger`.
#pragma once

#include <functional>

#include "history.hpp"

namespace core {

constexpr u32 CHUNK_WEIGHT = 64;
constexpr std::size_t INDEXED_FROM = 24;

// The fingerprint of an identity that settles: 64 bits.
using Fingerprint = std::function<u64(Text source, Text id)>;

class Ledger {
  public:
    Ledger(World &world, Fingerprint fingerprint) : world_(world), fingerprint_(std::move(fingerprint)) {}

    // The remembered event of an identity.
    Entry *held_as(Account &account, Name source, Text id, u64 id_hash) const {
        if (!(account.seen & bit(id_hash))) {
            return nullptr;
        }
        if (account.index) {
            return account.index->find(
                id_hash, [&](const Entry *entry) { return entry->source == source && entry->id() == id; });
        }
        for (const Chunk &chunk : account.chunks) {
            for (const auto &entry : chunk.entries) {
                if (entry->id_hash == id_hash && entry->source == source && entry->id() == id) {
                    return entry.get();
                }
            }
        }
        return nullptr;
    }

    // Store a new identity in the last row that has room; the account owns it from now on.
    Entry *remember(Account &account, std::unique_ptr<Entry> entry) const {
        Entry *stored = entry.get();
        store(account, std::move(entry));
        note_unsettled(account, stored);
        return stored;
    }

    // Take an entry that was read back from a row; a settled touch has no identity left.
    Entry *restore(Account &account, u32 chunk, std::unique_ptr<Entry> entry) const {
        Entry *stored = entry.get();
        stored->chunk = chunk;
        account.chunks[chunk].entries.push_back(std::move(entry));
        ++account.entries;
        if (stored->source != NONE) {
            hold(account, stored);
            note_unsettled(account, stored);
        }
        return stored;
    }

    // Store a higher revision in the place of the one it replaces, or anew where it is larger; that one ends.
    void replace(Account &account, Entry *old, std::unique_ptr<Entry> next) const {
        Entry *stored = next.get();
        let_go(account, old);
        u32 number = old->chunk;
        mark(account, number);
        bool settled_before = world_.kinds.settles[old->kind] && !old->voided;
        if (settled_before && account.unsettled) {
            auto &unsettled = *account.unsettled;
            unsettled.erase(std::find(unsettled.begin(), unsettled.end(), old));
        }
        bool was_first = settled_before && account.first_touch == old;
        auto &entries = account.chunks[number].entries;
        std::size_t at = place(entries, old);
        std::unique_ptr<Entry> gone = std::move(entries[at]);
        u32 gone_weight = number == account.chunks.size() - 1 ? weight(*old) : 0;
        if (weight(*stored) <= weight(*old)) {
            account.last_weight -= gone_weight ? gone_weight - weight(*stored) : 0;
            stored->chunk = number;
            entries[at] = std::move(next);
            hold(account, stored);
        } else {  // a row may be full of entries that all grow
            account.last_weight -= gone_weight;
            entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(at));
            --account.entries;
            store(account, std::move(next));
        }
        if (was_first) {
            account.first_touch = nullptr;
            for (Entry *entry : remembered(account)) {
                if (!account.first_touch || world_.order.before(entry, account.first_touch)) {
                    account.first_touch = entry;
                }
            }
        }
        note_unsettled(account, stored);
    }

    // Whether an event that settles sorts before the settled ones, or one repeats the identity of one of them.
    bool is_settled(const Account &account, u8 kind, i64 time_ms, Text source, Text id, u64 id_hash) const {
        const Key *settled = account.settled.get();
        if (settled && world_.kinds.settles[kind] &&
            compare(time_ms, world_.kinds.rank[kind], source, id, settled->time_ms, settled->rank, settled->source,
                    settled->id) <= 0) {
            return true;
        }
        if (!account.forgotten || !(account.seen & bit(id_hash))) {
            return false;
        }
        return account.forgotten->count(fingerprint_(source, id)) != 0;
    }

    // Settle events whose time and receipt lie before a moment: the log clock less the horizon.
    void settle(Account &account, i64 before_ms) const {
        account.settle_from_ms = FOREVER_MS;  // unless the first that is left is only too young
        if (!account.unsettled) {
            account.unsettled = std::make_unique<Entries>(remembered(account));
            std::sort(account.unsettled->begin(), account.unsettled->end(),
                      [this](const Entry *a, const Entry *b) { return world_.order.before(a, b); });
        }
        Entries &unsettled = *account.unsettled;
        std::size_t due = 0;
        while (due < unsettled.size() && is_due(account, unsettled[due], before_ms)) {
            forget(account, unsettled[due]);
            ++due;
        }
        unsettled.erase(unsettled.begin(), unsettled.begin() + static_cast<std::ptrdiff_t>(due));
        account.first_touch = unsettled.empty() ? nullptr : unsettled[0];
        const Entry *first = account.first_touch;
        if (first && (first->time_ms >= before_ms || first->received_ms >= before_ms)) {
            account.settle_from_ms = std::max(first->time_ms, first->received_ms);
        }
    }

    // An event came that may have closed a deal: the first touch may settle now.
    static void look_again(Account &account) {
        const Entry *first = account.first_touch;
        account.settle_from_ms = first ? std::max(first->time_ms, first->received_ms) : FOREVER_MS;
    }

  private:
    static u64 bit(u64 id_hash) { return 1ULL << (id_hash & 63); }

    static void mark(Account &account, u32 number) {
        Chunk &chunk = account.chunks[number];
        if (!chunk.is_dirty) {
            chunk.is_dirty = true;
            account.dirty.push_back(number);
        }
    }

    static std::size_t place(const Vector<std::unique_ptr<Entry>> &entries, const Entry *entry) {
        for (std::size_t at = 0; at < entries.size(); ++at) {
            if (entries[at].get() == entry) {
                return at;
            }
        }
        throw std::logic_error("an entry is not in the chunk that it names");
    }

    void store(Account &account, std::unique_ptr<Entry> entry) const {
        if (account.chunks.empty() || account.last_weight >= CHUNK_WEIGHT) {
            account.chunks.emplace_back();
            account.last_weight = 0;
        }
        u32 number = static_cast<u32>(account.chunks.size() - 1);
        entry->chunk = number;
        account.last_weight += weight(*entry);
        ++account.entries;
        hold(account, entry.get());
        account.chunks[number].entries.push_back(std::move(entry));
        mark(account, number);
    }

    // Let an event be found by its identity.
    static void hold(Account &account, Entry *entry) {
        account.seen |= bit(entry->id_hash);
        if (account.index) {
            account.index->put(entry->id_hash, entry);
        } else if (account.entries > INDEXED_FROM) {
            account.index = std::make_unique<Flat<Entry *>>();
            for (const Chunk &chunk : account.chunks) {
                for (const auto &known : chunk.entries) {
                    if (known->source != NONE && known.get() != entry) {
                        account.index->put(known->id_hash, known.get());
                    }
                }
            }
            account.index->put(entry->id_hash, entry);
        }
    }

    static void let_go(Account &account, Entry *entry) {
        if (account.index) {
            account.index->remove(entry->id_hash, [entry](const Entry *known) { return known == entry; });
        }
    }

    // What settles and is still in the ledger with its identity.
    Entries remembered(Account &account) const {
        Entries found;
        for (const Chunk &chunk : account.chunks) {
            for (const auto &entry : chunk.entries) {
                if (entry->source != NONE && world_.kinds.settles[entry->kind] && !entry->voided) {
                    found.push_back(entry.get());
                }
            }
        }
        return found;
    }

    bool is_due(Account &account, const Entry *entry, i64 before_ms) const {
        if (entry->time_ms >= before_ms || entry->received_ms >= before_ms) {
            return false;
        }
        const Deal *deal = nullptr;
        if (entry->deal != NONE) {
            deal = account.deal(entry->deal);
            if (!deal) {
                return false;  // a deal that was only mentioned is open
            }
        } else if (entry->lead != NONE) {
            deal = earliest_deal(world_.order, account, entry->lead, FOREVER_MS);
        }
        return !deal || deal->close_at(FOREVER_MS);
    }

    // Drop an entry's identity, and all of one that contributes nothing; what the account contributes stays.
    void forget(Account &account, Entry *entry) const {
        account.settled = std::make_unique<Key>(world_.order.key(entry));
        u64 print = fingerprint_(world_.order.source(*entry), entry->id());
        if (!account.forgotten) {
            account.forgotten = std::make_unique<std::unordered_set<u64>>();
        }
        account.forgotten->insert(print);
        let_go(account, entry);
        mark(account, entry->chunk);
        Chunk &chunk = account.chunks[entry->chunk];
        chunk.forgotten.push_back(print);
        if (KEPT_KINDS.has(entry->kind)) {
            std::string data(entry->data());
            entry->source = NONE;
            entry->hold(Text(), data);
            return;
        }
        if (entry->chunk == account.chunks.size() - 1) {
            account.last_weight -= weight(*entry);
        }
        chunk.entries.erase(chunk.entries.begin() + static_cast<std::ptrdiff_t>(place(chunk.entries, entry)));
        --account.entries;
    }

    // Let an event that settles do so in its turn.
    void note_unsettled(Account &account, Entry *entry) const {
        if (!world_.kinds.settles[entry->kind] || entry->voided) {
            return;
        }
        if (account.unsettled) {
            world_.order.insert(*account.unsettled, entry);
        }
        Entry *first = account.first_touch;
        if (!first || (entry->time_ms <= first->time_ms && world_.order.before(entry, first))) {
            account.first_touch = entry;
            account.settle_from_ms = std::max(entry->time_ms, entry->received_ms);
        }
    }

    World &world_;
    Fingerprint fingerprint_;
};

}  // namespace core
