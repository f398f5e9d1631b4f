// Where a partition's accounts are: in use, or as the bytes of their rows; `stream.accounts.shelf`.
#pragma once

#include <map>

#include "rows.hpp"

namespace core {

// What an account takes for itself and for each entry, and one that is not in use besides its rows: as measured.
constexpr std::size_t ACCOUNT_BYTES = 1'100, ENTRY_BYTES = 420, COLD_BYTES = 112, ROW_BYTES = 80;
constexpr std::size_t SLACK = 64;  // this part of the bound is made free beyond it

// An account that is not in use: its key and its rows; most have one.
class Cold : Pooled {
  public:
    using Pooled::operator new;
    using Pooled::operator delete;

    explicit Cold(Text key) { hold(key, Text()); }

    Text key() const { return Text(held_.get(), key_size_); }
    std::size_t held_bytes() const { return held_bytes_; }

    // Take the row of a chunk, in the place of one before.
    void put(u32 chunk, Text row) {
        if (!has_row_ || chunk == chunk_) {
            held_bytes_ += row.size() - (held_.size() - key_size_);
            hold(std::string(key()), row);
            chunk_ = chunk;
            has_row_ = true;
            return;
        }
        if (!rest_) {
            rest_ = std::make_unique<std::map<u32, Bytes>>();
        }
        Bytes &held = (*rest_)[chunk];
        held_bytes_ += row.size() + (held.size() ? 0 : ROW_BYTES) - held.size();
        held = copy(row);
    }

    // The rows by chunk, in order.
    std::vector<std::pair<u32, Text>> rows() const {
        std::vector<std::pair<u32, Text>> found{{chunk_, Text(held_.get() + key_size_, held_.size() - key_size_)}};
        if (rest_) {
            for (const auto &[chunk, row] : *rest_) {
                found.emplace_back(chunk, Text(row.get(), row.size()));
            }
            std::sort(found.begin(), found.end());
        }
        return found;
    }

  private:
    static Bytes copy(Text text) {
        Bytes made(text.size());
        std::memcpy(made.get(), text.data(), text.size());
        return made;
    }

    void hold(Text key, Text row) {
        Bytes both(key.size() + row.size());
        std::memcpy(both.get(), key.data(), key.size());
        if (!row.empty()) {
            std::memcpy(both.get() + key.size(), row.data(), row.size());
        }
        held_ = std::move(both);
        key_size_ = static_cast<u32>(key.size());
    }

    Bytes held_;  // the key, then the row of a chunk
    u32 key_size_ = 0, chunk_ = 0;
    bool has_row_ = false;
    std::size_t held_bytes_ = COLD_BYTES;
    std::unique_ptr<std::map<u32, Bytes>> rest_;
};

struct Place {
    u64 hash = 0;
    std::unique_ptr<Account> live;
    std::unique_ptr<Cold> cold;
    i64 reflected = 0;  // while restoring: the offset its rows reflect

    Text key() const { return live ? live->key.text() : cold->key(); }
    bool is_free() const { return !live && !cold; }
};

class Shelf {
  public:
    Shelf(World &world, Rows &rows, std::size_t memory_bytes)
        : world_(world), rows_(rows), memory_bytes_(memory_bytes), places_(1 << 10) {}

    Place *find(Text key) {
        Place &place = places_[slot(key, hash_of(key))];
        return place.is_free() ? nullptr : &place;
    }

    // Ask for the place of a key, and later for what is there.
    void bring_near(Text key, u64 &hash) const {
        hash = hash_of(key);
        __builtin_prefetch(&places_[hash & (places_.size() - 1)]);
    }

    void bring_nearer(u64 hash) const {
        const Place &place = places_[hash & (places_.size() - 1)];
        const char *there = reinterpret_cast<const char *>(place.live.get());
        for (int line = 0; there && line < 6; ++line) {
            __builtin_prefetch(there + line * 64);
        }
        __builtin_prefetch(place.cold.get());
    }

    // The account of a key, decoded if it was not in use, made if it is new.
    Account *account(Place *place, Text key, Text tenant) {
        if (place && place->live) {
            return place->live.get();
        }
        if (place) {
            return thaw(*place);
        }
        auto made = std::make_unique<Account>();
        made->key.hold(key);
        made->tenant = world_.names.of(tenant);
        Account *account = made.get();
        Place &free = taken(key);
        free.live = std::move(made);
        put_last(account);
        count(account);
        return account;
    }

    std::size_t size() const { return used_; }
    std::size_t held_bytes() const {
        return live_bytes_ + cold_bytes_ + world_.names.held_bytes() + places_.size() * sizeof(Place);
    }

    // Take a chunk's row.
    void put_row(Text row_key, Text row) {
        std::size_t mark = row_key.rfind('\0');
        if (mark == Text::npos || row.size() < OFFSET_BYTES) {
            throw Unreadable("a state row has a key without a chunk, or no offset");
        }
        Text key = row_key.substr(0, mark);
        u32 chunk = 0;
        for (char digit : row_key.substr(mark + 1)) {
            chunk = chunk * 10 + static_cast<u32>(digit - '0');
        }
        Place *place = find(key);
        if (!place) {
            place = &taken(key);
            place->cold = std::make_unique<Cold>(key);
            cold_bytes_ += COLD_BYTES;
        }
        i64 reflected = 0;
        for (char part : row.substr(0, OFFSET_BYTES)) {
            reflected = reflected << 8 | static_cast<u8>(part);
        }
        place->reflected = std::max(place->reflected, reflected);
        cold_bytes_ -= place->cold->held_bytes();
        place->cold->put(chunk, row);
        cold_bytes_ += place->cold->held_bytes();
    }

    // Note that an account's rows were written: it goes back after all others, and is counted anew.
    void written(Account *account) {
        unlink(account);
        put_last(account);
        count(account);
    }

    // Put clean accounts back as bytes, those written longest ago first, until the bound holds.
    void evict(i64 offset) {
        if (held_bytes() <= memory_bytes_) {
            return;
        }
        std::size_t enough = memory_bytes_ - memory_bytes_ / SLACK;
        for (Account *account = oldest_; account && held_bytes() > enough;) {
            Account *next = account->younger;
            if (account->dirty.empty()) {
                put_back(account, offset);
            }
            account = next;
        }
    }

  private:
    std::size_t slot(Text key, u64 hash) const {
        std::size_t mask = places_.size() - 1, at = hash & mask;
        while (!places_[at].is_free() && (places_[at].hash != hash || places_[at].key() != key)) {
            at = (at + 1) & mask;
        }
        return at;
    }

    Place &taken(Text key) {
        if ((used_ + 1) * 3 > places_.size() * 2) {
            Vector<Place> before(places_.size() * 2);
            before.swap(places_);
            for (Place &place : before) {
                if (!place.is_free()) {
                    places_[slot(place.key(), place.hash)] = std::move(place);
                }
            }
        }
        ++used_;
        u64 hash = hash_of(key);
        Place &place = places_[slot(key, hash)];
        place.hash = hash;
        return place;
    }

    Account *thaw(Place &place) {
        std::unique_ptr<Cold> cold = std::move(place.cold);
        place.live = std::make_unique<Account>();
        Account *account = place.live.get();
        account->key.hold(cold->key());
        account->tenant = world_.names.of(cold->key().substr(0, cold->key().find('/')));
        cold_bytes_ -= cold->held_bytes();
        auto rows = cold->rows();
        account->chunks.resize(rows.back().first + 1);
        for (const auto &[number, row] : rows) {
            rows_.decode(*account, number, row);
        }
        account->last_weight = 0;
        for (const auto &entry : account->chunks.back().entries) {
            account->last_weight += weight(*entry);
        }
        put_last(account);
        count(account);
        return account;
    }

    void put_back(Account *account, i64 offset) {
        Place *place = find(account->key.text());
        auto cold = std::make_unique<Cold>(account->key.text());
        for (u32 number = 0; number < account->chunks.size(); ++number) {
            cold->put(number, rows_.encode(*account, number, offset));
        }
        cold_bytes_ += cold->held_bytes();
        unlink(account);
        live_bytes_ -= account->held_bytes;
        place->cold = std::move(cold);
        place->live.reset();
    }

    void count(Account *account) {
        live_bytes_ -= account->held_bytes;
        account->held_bytes = ACCOUNT_BYTES + account->key.text().size() + account->entries * ENTRY_BYTES;
        live_bytes_ += account->held_bytes;
    }

    void put_last(Account *account) {
        account->older = youngest_;
        account->younger = nullptr;
        (youngest_ ? youngest_->younger : oldest_) = account;
        youngest_ = account;
    }

    void unlink(Account *account) {
        (account->older ? account->older->younger : oldest_) = account->younger;
        (account->younger ? account->younger->older : youngest_) = account->older;
    }

    World &world_;
    Rows &rows_;
    std::size_t memory_bytes_;
    Vector<Place> places_;
    std::size_t used_ = 0, live_bytes_ = 0, cold_bytes_ = 0;
    Account *oldest_ = nullptr, *youngest_ = nullptr;
};

}  // namespace core
