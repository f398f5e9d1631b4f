// Where a partition's accounts are: in use, or as the bytes of their rows; `stream.accounts.shelf`.
#pragma once

#include <deque>

#include "rows.hpp"

namespace core {

// What an account takes for itself and for each entry, and one that is not in use besides its rows: as measured.
constexpr std::size_t ACCOUNT_BYTES = 1'100, ENTRY_BYTES = 420, COLD_BYTES = 160, ROW_BYTES = 48;
constexpr std::size_t SLACK = 64;  // this part of the bound is made free beyond it

// An account that is not in use: its rows by chunk.
struct Cold {
    std::string key;
    std::map<u32, std::string> rows;
};

struct Place {
    u64 hash = 0;
    std::unique_ptr<Account> live;
    std::unique_ptr<Cold> cold;
    i64 reflected = 0;  // while restoring: the offset its rows reflect

    Text key() const { return live ? Text(live->key) : Text(cold->key); }
    bool is_free() const { return !live && !cold; }
};

class Shelf {
  public:
    Shelf(World &world, const Rows &rows, std::size_t memory_bytes)
        : world_(world), rows_(rows), memory_bytes_(memory_bytes), places_(1 << 10) {}

    Place *find(Text key) {
        Place &place = places_[slot(key, hash_of(key))];
        return place.is_free() ? nullptr : &place;
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
        made->key = std::string(key);
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
            place->cold = std::make_unique<Cold>();
            place->cold->key = std::string(key);
            cold_bytes_ += COLD_BYTES;
        }
        i64 reflected = 0;
        for (char part : row.substr(0, OFFSET_BYTES)) {
            reflected = reflected << 8 | static_cast<u8>(part);
        }
        place->reflected = std::max(place->reflected, reflected);
        std::string &held = place->cold->rows[chunk];
        cold_bytes_ += row.size() + (held.empty() ? ROW_BYTES : 0) - held.size();
        held = std::string(row);
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
            std::vector<Place> before(places_.size() * 2);
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
        account->key = cold->key;
        account->tenant = world_.names.of(Text(cold->key).substr(0, cold->key.find('/')));
        account->chunks.resize(cold->rows.rbegin()->first + 1);
        cold_bytes_ -= COLD_BYTES;
        for (const auto &[number, row] : cold->rows) {
            cold_bytes_ -= row.size() + ROW_BYTES;
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
        Place *place = find(account->key);
        auto cold = std::make_unique<Cold>();
        cold->key = account->key;
        cold_bytes_ += COLD_BYTES;
        for (u32 number = 0; number < account->chunks.size(); ++number) {
            std::string row = rows_.encode(*account, number, offset);
            row.shrink_to_fit();
            cold_bytes_ += row.size() + ROW_BYTES;
            cold->rows.emplace(number, std::move(row));
        }
        unlink(account);
        live_bytes_ -= account->held_bytes;
        place->cold = std::move(cold);
        place->live.reset();
    }

    void count(Account *account) {
        live_bytes_ -= account->held_bytes;
        account->held_bytes = ACCOUNT_BYTES + account->key.size() + account->entries * ENTRY_BYTES;
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
    const Rows &rows_;
    std::size_t memory_bytes_;
    std::vector<Place> places_;
    std::size_t used_ = 0, live_bytes_ = 0, cold_bytes_ = 0;
    Account *oldest_ = nullptr, *youngest_ = nullptr;
};

}  // namespace core
