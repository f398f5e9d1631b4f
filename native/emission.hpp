// What an epoch has to say to BOARD, as records; `stream.accounts.emission` and `schemas.cells`.
#pragma once

#include "hearing.hpp"

namespace core {

constexpr int CELLS_VERSION = 2;
constexpr std::size_t CELLS_PER_RECORD = 8'000, MAX_RECORD_BYTES = 900'000;
constexpr i64 LATE_AFTER_MS = 3'600'000, SECOND_MS = 1'000;
constexpr i64 MINUTE_HISTORY_MIN = 50 * 60;
constexpr i64 QUARTER_MIN = 15;
constexpr std::size_t TENANTS_MAX = 2'000;

// Measures that it is ``known`` that makes late.
constexpr bool is_judged_by_known(Measure measure) {
    return measure == Measure::NPS_ANSWERS || measure == Measure::COHORT_WON || measure == Measure::OPEN_DEALS ||
           measure == Measure::OPEN_AMOUNT;
}

// Measures that keep their minute for ever.
constexpr bool is_exact(Measure measure) {
    return measure == Measure::TOUCHES || measure == Measure::TOUCHES_AUTOMATED || measure == Measure::STAGE_CHANGES ||
           measure == Measure::APPOINTMENTS_HELD || measure == Measure::NEW_LEADS;
}

struct Late {
    Amount total;
    i64 receipt = 0;  // seconds
};

class Emission {
  public:
    explicit Emission(World &world) : world_(world) {}

    Hearing hearing;

    // Add what an accepted event changed.
    void gather(Name tenant, i64 time_ms, i64 received_ms, bool backfill, const Cells &cells) {
        i64 newest_ms = note_newest(tenant, time_ms);
        Gathered &gathered = of(tenant);
        i64 coarse = floor_div(newest_ms, MINUTE_MS) - MINUTE_HISTORY_MIN;
        i64 late_before = backfill ? BEGINNING_MS : -floor_div(LATE_AFTER_MS + MINUTE_MS - received_ms, MINUTE_MS);
        for (const auto &member : cells) {
            if (member.sum.is_zero()) {
                continue;
            }
            Cell cell = member.cell;
            Measure measure = cell.address.measure;
            i64 judged = is_judged_by_known(measure) ? cell.known : cell.address.pane;
            if (cell.address.pane < coarse && !is_exact(measure)) {
                cell.address.pane = kept(cell.address.pane, coarse);
                cell.known = kept(cell.known, coarse);
            }
            if (judged < late_before) {
                Late &late = gathered.late[cell];
                late.total += member.sum;
                late.receipt = std::max(late.receipt, received_ms / SECOND_MS);
            } else {
                gathered.on_time[cell] += member.sum;
            }
        }
    }

    // Each tenant's newest accepted activity in this partition, in the order in which they came.
    const std::vector<std::pair<Name, i64>> &newest() const { return newest_; }

    void restore_newest(Name tenant, i64 newest_ms) {
        newest_at_[tenant] = newest_.size();
        newest_.emplace_back(tenant, newest_ms);
    }

    // What was gathered as records for BOARD, one tenant after the other; the next epoch starts empty.
    std::vector<std::pair<Name, std::string>> release() {
        std::vector<std::pair<Name, std::string>> records;
        std::map<Name, Told> told = hearing.release();
        for (Name tenant : tenants_) {
            Gathered &gathered = *gathered_[tenant];
            Left left;
            Told &heard = told[tenant];
            left.heard = &heard.heard, left.spoken = &heard.spoken;
            for (const auto &member : gathered.on_time) {
                if (!member.sum.is_zero()) {
                    left.cells.push_back(&member);
                }
            }
            for (const auto &member : gathered.late) {
                left.late.push_back(&member);
            }
            auto found = newest_at_.find(tenant);
            encode(tenant, found == newest_at_.end() ? 0 : newest_[found->second].second, left, records);
            gathered.on_time.clear();
            gathered.late.clear();
            gathered.is_open = false;
        }
        tenants_.clear();
        if (gathered_.size() > TENANTS_MAX) {
            gathered_.clear();
        }
        return records;
    }

  private:
    struct Gathered {
        Table<Amount> on_time;
        Table<Late> late;
        bool is_open = false;
    };

    struct Left {
        std::vector<HeardRun> *heard = nullptr;
        std::vector<SpokenRun> *spoken = nullptr;
        std::vector<const Table<Amount>::Member *> cells;
        std::vector<const Table<Late>::Member *> late;
    };

    static Minute kept(Minute pane, i64 coarse) {
        return pane >= coarse ? pane : static_cast<Minute>(floor_div(pane, QUARTER_MIN) * QUARTER_MIN);
    }

    Gathered &of(Name tenant) {
        std::unique_ptr<Gathered> &found = gathered_[tenant];
        if (!found) {
            found = std::make_unique<Gathered>();
        }
        if (!found->is_open) {
            found->is_open = true;
            tenants_.push_back(tenant);
        }
        return *found;
    }

    i64 note_newest(Name tenant, i64 time_ms) {
        auto found = newest_at_.find(tenant);
        if (found != newest_at_.end()) {
            i64 &newest_ms = newest_[found->second].second;
            newest_ms = std::max(newest_ms, time_ms);
            return newest_ms;
        }
        restore_newest(tenant, time_ms);
        if (newest_.size() > TENANTS_MAX) {
            newest_.erase(newest_.begin());
            newest_at_.clear();
            for (std::size_t at = 0; at < newest_.size(); ++at) {
                newest_at_[newest_[at].first] = at;
            }
        }
        return time_ms;
    }

    // Records of one tenant, each short enough; what was heard goes first.
    void encode(Name tenant, i64 newest_ms, Left &left, std::vector<std::pair<Name, std::string>> &records) const {
        std::size_t begin = 0, step = CELLS_PER_RECORD;
        std::size_t all = left.heard->size() + left.spoken->size() + left.cells.size() + left.late.size();
        do {
            std::size_t end = std::min(all, begin + step);
            Packer to;
            to.array(7);
            to.integer(CELLS_VERSION);
            to.text(world_.names.text(tenant));
            to.integer(newest_ms);
            std::size_t heard = left.heard->size(), spoken = heard + left.spoken->size();
            std::size_t cells = spoken + left.cells.size();
            put(to, left.cells, begin, end, spoken, [&](const auto *one) { put_cell(to, one->cell, 7, one->sum); });
            put(to, left.late, begin, end, cells, [&](const auto *one) {
                put_cell(to, one->cell, 8, one->sum.total);
                to.integer(one->sum.receipt);
            });
            put(to, *left.heard, begin, end, 0, [&](const HeardRun &run) {
                to.array(2);
                to.text(world_.names.text(run.source));
                put_moments(to, run.moments);
            });
            put(to, *left.spoken, begin, end, heard, [&](const SpokenRun &run) {
                to.array(4);
                to.text(world_.names.text(run.source));
                to.integer(run.kind);
                to.text(world_.names.text(run.rep));
                put_moments(to, run.moments);
            });
            if (to.size() > MAX_RECORD_BYTES && step > 1) {
                step /= 4;
                continue;
            }
            records.emplace_back(tenant, std::string(to.bytes()));
            begin = end;
        } while (begin < all);
    }

    // Those of a list that stands at ``first`` among all lists which lie in [begin, end).
    template <typename List, typename Put>
    static void put(Packer &to, const List &list, std::size_t begin, std::size_t end, std::size_t first, Put put_one) {
        std::size_t low = std::min(std::max(begin, first) - first, list.size());
        std::size_t high = std::min(std::max(end, first) - first, list.size());
        to.array(high - low);
        for (std::size_t at = low; at < high; ++at) {
            put_one(list[at]);
        }
    }

    void put_cell(Packer &to, const Cell &cell, std::size_t fields, const Amount &amount) const {
        to.array(fields);
        to.text(MEASURES[static_cast<int>(cell.address.measure)]);
        to.text(cell.address.by == By::REP ? "rep" : "source");
        to.text(world_.names.text(cell.address.value));
        to.text(world_.names.text(cell.address.facet));
        to.integer(cell.address.pane);
        to.integer(cell.known);
        to.amount(amount);
    }

    static void put_moments(Packer &to, const Moments &moments) {
        to.array(moments.size());
        for (i64 time_ms : moments) {
            to.integer(time_ms);
        }
    }

    World &world_;
    std::map<Name, std::unique_ptr<Gathered>> gathered_;
    std::vector<Name> tenants_;  // those of the open epoch, in the order in which they came
    std::vector<std::pair<Name, i64>> newest_;
    std::map<Name, std::size_t> newest_at_;
};

}  // namespace core
