// Cells, and those of an entity from what it adds at each moment; `stream.accounts.standing`.
#pragma once

#include "account.hpp"
#include "reading.hpp"

namespace core {

constexpr i64 MINUTE_MS = 60'000;
constexpr i64 HOUR_MS = 60 * MINUTE_MS;
constexpr i64 DAY_MS = 24 * HOUR_MS;

constexpr i64 floor_div(i64 a, i64 b) { return a >= 0 ? a / b : -((b - 1 - a) / b); }
using Minute = std::int32_t;
inline Minute minute_of(i64 time_ms) { return static_cast<Minute>(floor_div(time_ms, MINUTE_MS)); }

enum class Measure : u8 {
    TOUCHES,
    TOUCHES_AUTOMATED,
    ENGAGED,
    PLANNED,
    APPOINTMENTS_HELD,
    NEW_LEADS,
    CONVERT_MS,
    CONVERTED,
    CONVERT_BUCKET,
    COHORT_WON,
    DEALS_OPENED,
    STAGE_CHANGES,
    DEALS_WON,
    DEALS_LOST,
    REVENUE,
    WON_AMOUNT,
    TOUCHES_ON_WON,
    CYCLE_MS,
    CYCLE_DEALS,
    CYCLE_BUCKET,
    REVENUE_ORDERS,
    REFUNDS,
    CUSTOMERS_WON,
    NPS_ANSWERS,
    OPEN_DEALS,
    OPEN_AMOUNT,
};

constexpr Text MEASURES[] = {
    "touches",     "touches_automated", "engaged",        "planned",    "appointments_held", "new_leads",
    "convert_ms",  "converted",         "convert_bucket", "cohort_won", "deals_opened",      "stage_changes",
    "deals_won",   "deals_lost",        "revenue",        "won_amount", "touches_on_won",    "cycle_ms",
    "cycle_deals", "cycle_bucket",      "revenue_orders", "refunds",    "customers_won",     "nps_answers",
    "open_deals",  "open_amount",
};

enum class By : u8 { REP, SOURCE };

// A cell without its `known`.
struct Address {
    Measure measure;
    By by;
    Name value, facet;
    Minute pane;

    bool operator==(const Address &other) const {
        return value == other.value && pane == other.pane && facet == other.facet && measure == other.measure &&
               by == other.by;
    }
};

struct Cell {
    Address address;
    Minute known;

    bool operator==(const Cell &other) const { return known == other.known && address == other.address; }

    u64 hash() const {
        u64 mixed = (static_cast<u64>(address.value) << 32 | address.facet) * 0x9e3779b97f4a7c15ULL;
        mixed ^= static_cast<u64>(static_cast<u32>(address.pane)) << 32 | static_cast<u32>(known);
        mixed ^= static_cast<u64>(address.measure) << 8 | static_cast<u64>(address.by);
        mixed *= 0xbf58476d1ce4e5b9ULL;
        return mixed ^ mixed >> 29;
    }
};

// Sums by cell, or by cell with more to it, in the order in which they first came.
template <typename Sum> class Table {
  public:
    struct Member {
        Cell cell;
        Sum sum;
    };

    Table() : index_(64, 0) {}

    Sum &operator[](const Cell &cell) {
        std::size_t mask = index_.size() - 1;
        for (std::size_t at = cell.hash() & mask;; at = (at + 1) & mask) {
            u32 found = index_[at];
            if (!found) {
                members_.push_back({cell, Sum()});
                index_[at] = static_cast<u32>(members_.size());
                if (members_.size() * 2 > index_.size()) {
                    grow();
                }
                return members_.back().sum;
            }
            if (members_[found - 1].cell == cell) {
                return members_[found - 1].sum;
            }
        }
    }

    void clear() {
        if (members_.size() < 16 || members_.size() * 8 < index_.size()) {
            std::size_t mask = index_.size() - 1;
            for (const Member &member : members_) {  // what stands in the way of another was put there by some member
                for (std::size_t at = member.cell.hash() & mask; index_[at]; at = (at + 1) & mask) {
                    index_[at] = 0;
                }
            }
        } else {
            std::fill(index_.begin(), index_.end(), 0);
        }
        members_.clear();
    }

    void swap(Table &other) {
        members_.swap(other.members_);
        index_.swap(other.index_);
    }

    bool empty() const { return members_.empty(); }
    std::size_t size() const { return members_.size(); }
    auto begin() const { return members_.begin(); }
    auto end() const { return members_.end(); }

  private:
    void grow() {
        Vector<u32> larger(index_.size() * 2, 0);
        std::size_t mask = larger.size() - 1;
        for (u32 number = 0; number < members_.size(); ++number) {
            std::size_t at = members_[number].cell.hash() & mask;
            while (larger[at]) {
                at = (at + 1) & mask;
            }
            larger[at] = number + 1;
        }
        index_.swap(larger);
    }

    Vector<Member> members_;
    Vector<u32> index_;
};

// What an event adds to cells, gathered with a sign.
class Cells {
  public:
    void add(const Address &address, Minute known, const Amount &amount, int sign) {
        if (!amount.is_zero()) {
            sums_[Cell{address, known}] += sign > 0 ? amount : -amount;
        }
    }

    void clear() { sums_.clear(); }
    auto begin() const { return sums_.begin(); }
    auto end() const { return sums_.end(); }

  private:
    Table<Amount> sums_;
};

// What an entity adds at one moment.
class Standing {
  public:
    void set(const Address &address, const Amount &amount) { place(address) = amount; }
    void add(const Address &address, const Amount &amount) { place(address) += amount; }

    void known_at(i64 time_ms, Cells &cells, int sign) const {
        Minute known = minute_of(time_ms);
        for (const auto &[address, amount] : sums_) {
            cells.add(address, known, amount, sign);
        }
    }

  private:
    Amount &place(const Address &address) {
        for (auto &[known, amount] : sums_) {
            if (known == address) {
                return amount;
            }
        }
        sums_.emplace_back(address, Amount());
        return sums_.back().second;
    }

    std::vector<std::pair<Address, Amount>> sums_;
};

using Moments = std::vector<i64>;

// Two-time cells of an entity from what it adds at each of some moments.
template <typename StandingAt> void changes(Moments &moments, StandingAt standing_at, Cells &cells, int sign) {
    std::sort(moments.begin(), moments.end());
    moments.erase(std::unique(moments.begin(), moments.end()), moments.end());
    Standing before;
    for (i64 time_ms : moments) {
        Standing now = standing_at(time_ms);
        now.known_at(time_ms, cells, sign);
        before.known_at(time_ms, cells, -sign);
        before = std::move(now);
    }
}

// What everything here knows: the texts behind names, the order of entries, the names that the rules themselves give.
struct World {
    Names names;
    core::Order order{names};
    Reader reader{names};
    KindTables kinds;
    Name nobody = names.of("_none");
    Name plain = names.of("");
    Name promoter = names.of("promoter"), passive = names.of("passive"), detractor = names.of("detractor");
    Name first_touch = names.of("first_touch"), lead_created = names.of("lead_created");
    Name deal_opened = names.of("deal_opened");

    Name or_nobody(Name name) const { return name == NONE ? nobody : name; }
};

}  // namespace core
