// State rows of an account: a chunk of its ledger each; `stream.accounts.rows`.
#pragma once

#include "fold.hpp"

namespace core {

constexpr int ROW_VERSION = 1;
constexpr std::size_t OFFSET_BYTES = 8;

class Rows {
  public:
    Rows(World &world, const Folder &folder, const Ledger &ledger) : world_(world), folder_(folder), ledger_(ledger) {}

    // A chunk as a state row that reflects every record below an offset; it stands until the next.
    Text encode(const Account &account, u32 number, i64 offset) {
        const Chunk &chunk = account.chunks[number];
        Packer &to = row_;
        to.clear();
        to.big(static_cast<u64>(offset), OFFSET_BYTES);
        to.array(4);
        to.integer(ROW_VERSION);
        if (account.settled) {
            to.array(4);
            to.integer(account.settled->time_ms);
            to.integer(account.settled->rank);
            to.text(account.settled->source);
            to.text(account.settled->id);
        } else {
            to.nil();
        }
        to.array(chunk.entries.size());
        for (const auto &entry : chunk.entries) {
            encode_entry(to, *entry);
        }
        to.array(chunk.forgotten.size());
        for (u64 print : chunk.forgotten) {
            to.natural(print);
        }
        return to.bytes();
    }

    // Take a chunk's row into an account that has the chunk.
    void decode(Account &account, u32 number, Text row) const {
        Unpacker from(row.substr(OFFSET_BYTES));
        from.array();
        i64 version = from.integer();
        if (version != ROW_VERSION) {
            throw Unreadable("row of " + std::string(account.key.text()) + " has version " + std::to_string(version) +
                             "; this build reads " + std::to_string(ROW_VERSION));
        }
        if (!from.skip_nil()) {
            from.array();
            Key settled{from.integer(), static_cast<u8>(from.integer()), std::string(from.text()),
                        std::string(from.text())};
            const Key *known = account.settled.get();
            if (!known || compare(settled.time_ms, settled.rank, settled.source, settled.id, known->time_ms,
                                  known->rank, known->source, known->id) > 0) {
                account.settled = std::make_unique<Key>(std::move(settled));
            }
        }
        for (std::size_t left = from.array(); left; --left) {
            Entry *entry = ledger_.restore(account, number, decode_entry(from, account.ids));
            if (!entry->voided) {
                folder_.attach(account, entry);
            }
        }
        for (std::size_t left = from.array(); left; --left) {
            u64 print = from.natural();
            if (!account.forgotten) {
                account.forgotten = std::make_unique<std::unordered_set<u64>>();
            }
            account.forgotten->insert(print);
            account.chunks[number].forgotten.push_back(print);
            account.seen = ~0ULL;  // only fingerprints are left of them
        }
    }

  private:
    void encode_entry(Packer &to, const Entry &entry) const {
        to.array(10);
        to.integer(entry.kind);
        to.integer(entry.time_ms);
        to.text(world_.order.source(entry));
        to.text(entry.id());
        to.integer(entry.revision);
        to.boolean(entry.voided);
        to.boolean(entry.backfill);
        to.integer(entry.received_ms);
        to.integer(entry.chunk);
        if (entry.data_size) {
            to.raw(entry.data());
        } else {
            to.nil();
        }
    }

    std::unique_ptr<Entry> decode_entry(Unpacker &from, Ids &ids) const {
        auto entry = std::make_unique<Entry>();
        from.array();
        i64 kind = from.integer();
        if (kind < 0 || kind >= KINDS || !world_.kinds.is_known[kind]) {
            throw Unreadable("a row holds an event of kind " + std::to_string(kind) + ", which no account has");
        }
        entry->kind = static_cast<u8>(kind);
        entry->rank = world_.kinds.rank[kind];
        entry->time_ms = from.integer();
        Text source = from.text();
        entry->source = source.empty() ? NONE : world_.names.of(source);
        Text id = from.text();
        entry->revision = static_cast<u32>(from.integer());
        entry->voided = from.boolean();
        entry->backfill = from.boolean();
        entry->received_ms = from.integer();
        from.integer();  // its chunk when it was written is this one
        if (from.skip_nil()) {
            entry->hold(id, Text());
            return entry;
        }
        const char *begin = from.place();
        from.skip();
        entry->hold(id, Text(begin, static_cast<std::size_t>(from.place() - begin)));
        folder_.read(*entry, entry->data(), ids);
        return entry;
    }

    Packer row_;
    World &world_;
    const Folder &folder_;
    const Ledger &ledger_;
};

}  // namespace core
