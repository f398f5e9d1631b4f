// An account: what its valid events say about leads, deals, orders and answers; `stream.accounts.account`.
#pragma once

#include <unordered_set>

#include "entry.hpp"
#include "flat.hpp"

namespace core {

constexpr i64 BEGINNING_MS = -(1LL << 61);
constexpr i64 FOREVER_MS = 1LL << 61;

// A map of few names, searched in order, with an index once there are many.
template <typename Value> class Few {
  public:
    using Member = std::pair<Name, Value>;

    Value *find(Name name) {
        if (index_) {
            std::size_t found = place(name);
            return found == members_.size() ? nullptr : &members_[found].second;
        }
        for (Member &member : members_) {
            if (member.first == name) {
                return &member.second;
            }
        }
        return nullptr;
    }

    bool has(Name name) const { return const_cast<Few *>(this)->find(name) != nullptr; }

    Value &operator[](Name name) {
        if (Value *found = find(name)) {
            return *found;
        }
        members_.emplace_back(name, Value());
        if (index_) {
            index_->put(name, static_cast<u32>(members_.size()));
        } else if (members_.size() > MANY) {
            index_ = std::make_unique<Flat<u32>>();
            for (u32 at = 0; at < members_.size(); ++at) {
                index_->put(members_[at].first, at + 1);
            }
        }
        return members_.back().second;
    }

    void erase(Name name) {
        std::size_t at = place(name), last = members_.size() - 1;
        if (at == members_.size()) {
            return;
        }
        if (index_) {
            index_->remove(name, [](u32) { return true; });
            if (at != last) {
                index_->remove(members_[last].first, [](u32) { return true; });
                index_->put(members_[last].first, static_cast<u32>(at + 1));
            }
        }
        if (at != last) {
            members_[at] = std::move(members_[last]);
        }
        members_.pop_back();
    }

    bool empty() const { return members_.empty(); }
    auto begin() { return members_.begin(); }
    auto end() { return members_.end(); }

  private:
    std::size_t place(Name name) const {
        if (index_) {
            u32 found = index_->find(name, [](u32) { return true; });
            return found ? found - 1 : members_.size();
        }
        std::size_t at = 0;
        while (at < members_.size() && members_[at].first != name) {
            ++at;
        }
        return at;
    }

    static constexpr std::size_t MANY = 16;
    Vector<Member> members_;
    std::unique_ptr<Flat<u32>> index_;  // name → place, counted from 1
};

// The ids of an account's leads, deals and orders as numbers of its own, which go with it.
class Ids {
  public:
    Name of(Text id) {
        if (index_) {
            Name found = index_->find(hash_of(id), [&](Name name) { return ids_[name - 1] == id; });
            return found ? found : add(id);
        }
        for (std::size_t at = 0; at < ids_.size(); ++at) {
            if (ids_[at] == id) {
                return static_cast<Name>(at + 1);
            }
        }
        return add(id);
    }

  private:
    Name add(Text id) {
        ids_.emplace_back(id);
        Name name = static_cast<Name>(ids_.size());
        if (index_) {
            index_->put(hash_of(id), name);
        } else if (ids_.size() > MANY) {
            index_ = std::make_unique<Flat<Name>>();
            for (Name known = 1; known <= name; ++known) {
                index_->put(hash_of(ids_[known - 1]), known);
            }
        }
        return name;
    }

    static constexpr std::size_t MANY = 16;
    Vector<std::string> ids_;
    std::unique_ptr<Flat<Name>> index_;
};

// Where a deal stands once its events up to some moment are in; `stream.accounts.course`.
struct Course {
    bool is_opened = false, is_closed = false;
    Name rep = NONE, facet = NONE, currency = NONE, pipeline = NONE, stage = NONE;
    i64 amount = 0;
    i64 hour_ms = BEGINNING_MS, moved_ms = BEGINNING_MS, last_ms = BEGINNING_MS;

    bool is_open() const { return is_opened && !is_closed; }
};

struct Deal : Pooled {
    Name id = NONE;
    Name implied_lead = NONE;
    Entries events;   // its own, in order
    Entries touches;  // that name it, in no order
    Entries held;     // appointments that name it, in no order
    int closes = 0;   // won and lost events among `events`
    bool has_course = false;
    Course course;
    i64 quiet_from_ms = FOREVER_MS, quiet_until_ms = BEGINNING_MS;

    // The close that stands once every event up to and including a moment is in; none while it is open.
    const Entry *close_at(i64 time_ms) const {
        const Entry *standing = nullptr;
        for (const Entry *entry : events) {
            if (entry->time_ms > time_ms) {
                break;
            }
            take(standing, entry);
        }
        return standing;
    }

    // The close that stands just before an entry.
    const Entry *close_before(const Order &order, const Entry *moment) const {
        const Entry *standing = nullptr;
        for (const Entry *entry : events) {
            if (!order.before(entry, moment)) {
                break;
            }
            take(standing, entry);
        }
        return standing;
    }

  private:
    static void take(const Entry *&standing, const Entry *entry) {
        if (CLOSES.has(entry->kind)) {
            standing = entry;
        } else if (entry->kind == DEAL_REOPENED) {
            standing = nullptr;
        }
    }
};

struct Lead : Pooled {
    Entries created;  // in order
    Entries touches;  // that name it and no deal
};

struct OrderEvents : Pooled {
    Entries placed, refunds;  // each in order
};

struct Chunk {
    Vector<std::unique_ptr<Entry>> entries;  // in the order of their acceptance
    std::vector<u64> forgotten;                   // fingerprints of what settled out of it
    bool is_dirty = false;
};

struct Account : Pooled {
    Inline<44> key;
    Ids ids;
    Name tenant = NONE;
    Vector<Chunk> chunks;
    Vector<u32> dirty;  // numbers of chunks that have changed since they were written
    i64 dirty_offset = 0, dirty_clock_ms = 0;
    u32 last_weight = 0;
    u64 seen = 0;  // a bit for each identity, by its hash: one whose bit is not set is new
    std::size_t entries = 0;
    std::unique_ptr<Flat<Entry *>> index;  // by the hash of the id, once there are many
    i64 settle_from_ms = FOREVER_MS;  // nothing settles before the horizon lies after it
    i64 last_close_ms = BEGINNING_MS;
    std::unique_ptr<Key> settled;       // what settles has settled up to here
    std::unique_ptr<Key> newest_first;  // no deal begins after it
    std::unique_ptr<std::unordered_set<u64>> forgotten;
    Entry *first_touch = nullptr;  // the first event that settles and hasn't
    std::unique_ptr<Entries> unsettled;
    Few<std::unique_ptr<Deal>> deals;
    Few<std::unique_ptr<Lead>> leads;
    Few<std::unique_ptr<OrderEvents>> orders;
    Entries created, answers, customer, wins, placed, phaseless;
    Few<Few<int>> fulfilling, lead_deals;
    Few<Deal *> loose_deals, reclosed;
    Few<Few<Deal *>> implied_deals;
    Few<Lead *> touched_leads;
    std::size_t held_bytes = 0;                     // when it was last counted
    Account *older = nullptr, *younger = nullptr;  // by when they were written

    Deal *deal(Name id) { return find(deals, id); }
    Lead *lead(Name id) { return find(leads, id); }
    OrderEvents *order(Name id) { return find(orders, id); }

    Deal *deal_made(Name id) {
        Deal *found = made(deals, id);
        found->id = id;
        return found;
    }
    Lead *lead_made(Name id) { return made(leads, id); }
    OrderEvents *order_made(Name id) { return made(orders, id); }

  private:
    template <typename Value> static Value *find(Few<std::unique_ptr<Value>> &map, Name id) {
        if (id == NONE) {
            return nullptr;
        }
        std::unique_ptr<Value> *found = map.find(id);
        return found ? found->get() : nullptr;
    }

    template <typename Value> static Value *made(Few<std::unique_ptr<Value>> &map, Name id) {
        std::unique_ptr<Value> &found = map[id];
        if (!found) {
            found = std::make_unique<Value>();
        }
        return found.get();
    }
};

}  // namespace core
