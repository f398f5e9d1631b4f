// The state of one activity partition: ordinary events in, what they add gathered, rows and records out;
// `stream.accounts.stage`.
#pragma once

#include <deque>

#include "emission.hpp"
#include "instants.hpp"
#include "shelf.hpp"

namespace core {

constexpr i64 AHEAD_MS = 5 * 60'000LL, AGE_MS = 35 * DAY_MS;
constexpr std::size_t TENANT_MAX = 64;

// Java's default partitioner: murmur2.
inline u32 murmur2(Text key) {
    constexpr u32 m = 0x5bd1e995;
    std::size_t size = key.size(), at = 0;
    u32 h = 0x9747b28c ^ static_cast<u32>(size);
    for (; at + 4 <= size; at += 4) {
        u32 k;
        std::memcpy(&k, key.data() + at, 4);
        k *= m;
        k ^= k >> 24;
        h = h * m ^ k * m;
    }
    if (at < size) {
        u32 tail = 0;
        for (std::size_t n = size; n > at; --n) {
            tail = tail << 8 | static_cast<u8>(key[n - 1]);
        }
        h = (h ^ tail) * m;
    }
    h = (h ^ h >> 13) * m;
    return (h ^ h >> 15) & 0x7fffffff;
}

// Verdicts by publishing source since they were last asked for, in the order in which they first came.
class Tally {
  public:
    struct Count {
        Name tenant, source;
        i64 by_verdict[5] = {};
    };

    void count(Name tenant, Name source, Verdict verdict) {
        if (last_ >= counts_.size() || counts_[last_].tenant != tenant || counts_[last_].source != source) {
            auto known = places_.emplace(std::make_pair(tenant, source), counts_.size());
            if (known.second) {
                counts_.push_back({tenant, source});
            }
            last_ = known.first->second;
        }
        ++counts_[last_].by_verdict[static_cast<int>(verdict)];
    }

    std::vector<Count> release() {
        std::vector<Count> released;
        released.swap(counts_);
        places_.clear();
        last_ = 0;
        return released;
    }

  private:
    std::vector<Count> counts_;
    std::map<std::pair<Name, Name>, std::size_t> places_;
    std::size_t last_ = 0;
};

struct Arrival {
    Text tenant, subject, key;
    i64 offset = 0, received_ms = 0, clock_before_ms = 0;
};

class Partition {
  public:
    Partition(u32 partition, u32 partitions, i64 settle_after_ms, std::size_t memory_bytes, Fingerprint fingerprint,
              SameData same_data, std::function<bool(Text, i64 &)> instant)
        : partition_(partition), partitions_(partitions), settle_after_ms_(settle_after_ms),
          ledger_(world, std::move(fingerprint)), folder_(world, ledger_, std::move(same_data), std::move(instant)),
          rows_(world, folder_, ledger_), shelf(world, rows_, memory_bytes) {}

    World world;
    Emission emission{world};
    Tally tally;
    i64 clock_ms = BEGINNING_MS;  // running maximum of receipts
    bool is_refolding = false;

    // Whether an event is certainly at home here under its key. ``place``: where its account is, if it is known.
    bool is_at_home(const Arrival &at, Place *&place) {
        if (at.key.size() != at.tenant.size() + 1 + at.subject.size() ||
            at.key.substr(0, at.tenant.size()) != at.tenant || at.key[at.tenant.size()] != '/' ||
            at.key.substr(at.tenant.size() + 1) != at.subject) {
            return false;
        }
        if (at.tenant.find('/') != Text::npos) {  // then another account's key may read the same
            return false;
        }
        place = shelf.find(at.key);
        return place || (is_plain(at) && murmur2(at.key) % partitions_ == partition_);
    }

    bool is_reflected(const Place *place, i64 offset) const {
        return is_refolding && place && place->reflected > offset;
    }

    // Fold an event into its account, and gather what it adds.
    Verdict judge(Place *place, const Arrival &at, const Come &event) {
        Account *account = shelf.account(place, at.key, at.tenant);
        bool was_clean = account->dirty.empty();
        cells_.clear();
        Entry *stored = nullptr;
        Verdict verdict = folder_.fold(*account, event, at.received_ms, clock_ms - settle_after_ms_, cells_, stored);
        if ((verdict == Verdict::ACCEPTED || verdict == Verdict::SUPERSEDED) && !is_refolding) {
            gather(*account, at, event, stored);
        }
        if (was_clean && !account->dirty.empty()) {
            account->dirty_offset = at.offset;
            account->dirty_clock_ms = at.clock_before_ms;
            dirty_.push_back(account);
        }
        return verdict;
    }

    // The same for an ordinary event: its verdict is counted here, unless a letter is due. Whether it is.
    bool take(Place *place, const Arrival &at, const Come &event, Verdict &verdict) {
        verdict = judge(place, at, event);
        if (is_refolding) {
            return false;
        }
        if (verdict > Verdict::SUPERSEDED) {
            return true;
        }
        tally.count(world.names.of(at.tenant), event.source, verdict);
        return false;
    }

    // Give rows whose first unwritten change lies before an offset, oldest first, as key and row.
    template <typename Give> void give_due_rows(i64 offset, i64 before, Give give) {
        std::string key;
        while (!dirty_.empty() && dirty_.front()->dirty_offset < before) {
            Account *account = dirty_.front();
            dirty_.pop_front();
            shelf.written(account);
            std::sort(account->dirty.begin(), account->dirty.end());
            for (u32 number : account->dirty) {
                key.assign(account->key.text()).push_back('\0');
                key += std::to_string(number);
                give(Text(key), rows_.encode(*account, number, offset));
                account->chunks[number].is_dirty = false;
            }
            account->dirty.clear();
        }
    }

    // The account that waits longest to be written; none if all are.
    const Account *oldest_dirty() const { return dirty_.empty() ? nullptr : dirty_.front(); }

  private:
    // Whether the tenant and the subject of an arrival are such as need no closer look.
    static bool is_plain(const Arrival &at) {
        if (at.tenant.empty() || at.tenant.size() > TENANT_MAX) {
            return false;
        }
        for (char c : at.tenant) {
            bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
            if (!is_letter && c != '.' && c != '_' && c != '-') {
                return false;
            }
        }
        return std::all_of(at.subject.begin(), at.subject.end(), [](char c) { return c >= ' ' && c <= '~'; });
    }

    void gather(const Account &account, const Arrival &at, const Come &event, const Entry *stored) {
        std::unique_ptr<Entry> unstored;
        if (!stored) {
            Ids apart;
            unstored = folder_.entry_of(event, at.received_ms, apart);
            stored = unstored.get();
        }
        u8 kind = event.voided ? 0 : event.kind;
        auto hear = [&](Name rep) { emission.hearing.hear(account.tenant, event.source, kind, rep, event.time_ms); };
        if (stored->further && !stored->further->splits.empty()) {
            const auto &splits = stored->further->splits;
            bool is_named = std::any_of(splits.begin(), splits.end(),
                                        [&](const auto &split) { return split.first == stored->rep; });
            if (stored->rep != NONE && !is_named) {
                hear(stored->rep);
            }
            for (const auto &split : splits) {
                hear(split.first);
            }
        } else {
            hear(world.or_nobody(stored->rep));
        }
        emission.gather(account.tenant, event.time_ms, at.received_ms, event.backfill, cells_);
    }

    u32 partition_, partitions_;
    i64 settle_after_ms_;
    Ledger ledger_;
    Folder folder_;
    Rows rows_;
    Cells cells_;
    std::deque<Account *> dirty_;

  public:
    Shelf shelf;
};

}  // namespace core
