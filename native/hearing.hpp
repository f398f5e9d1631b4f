// Whom an epoch heard: moments gathered event by event; `stream.accounts.hearing`.
#pragma once

#include <map>

#include "cells.hpp"

namespace core {

constexpr i64 SPOKEN_SPAN_MS = 28 * DAY_MS;
constexpr std::size_t MOMENTS_PER_RUN = 64;

struct HeardRun {
    Name source;
    Moments moments;
};

struct SpokenRun {
    Name source;
    u8 kind;
    Name rep;
    Moments moments;
};

struct Told {
    std::vector<HeardRun> heard;
    std::vector<SpokenRun> spoken;
};

// What the open epoch heard, and what BOARD was told before. A speaker's moments between the first and the end of the
// last day told of it add nothing: then only its source's minute is noted.
class Hearing {
  public:
    // Note that a publisher spoke of a rep (`_none` if it named none).
    void hear(Name tenant, Name source, u8 kind, Name rep, i64 time_ms) {
        const Voice *voice = voice_met(VoiceKey{tenant, source, kind});
        if (voice && today_ms_ <= time_ms && time_ms < today_ms_ + DAY_MS) {
            const Rep *known = voice->reps->find(rep);
            if (known && known->has(voice->number) && time_ms >= known->since_ms) {
                voice->times->push_back(time_ms);
                return;
            }
        }
        note(tenant, source, kind, rep, time_ms);
    }

    // What is to be told, by tenant; the next epoch starts empty.
    std::map<Name, Told> release() {
        std::map<Name, Told> told;
        for (auto &[whose, times] : minutes_) {
            if (!times.empty()) {
                auto &heard = told[whose.first].heard;
                for (Moments &run : runs(newest_of_minutes(times))) {
                    heard.push_back({whose.second, std::move(run)});
                }
                times.clear();
            }
        }
        for (auto &[speaker, times] : news_) {
            auto &spoken = told[speaker.tenant].spoken;
            for (Moments &run : runs(ends(times))) {
                spoken.push_back({speaker.source, speaker.kind, speaker.rep, std::move(run)});
            }
        }
        news_.clear();
        if (known_.size() > KNOWN_MAX || voices_.size() > VOICES_MAX) {
            known_.clear(), minutes_.clear(), voices_.clear(), reps_.clear();
            for (auto &last : last_of_kind_) {
                last.second = nullptr;
            }
        }
        return told;
    }

  private:
    static constexpr std::size_t KNOWN_MAX = 100'000, VOICES_MAX = 2'000;

    struct VoiceKey {
        Name tenant, source;
        u8 kind;
        bool operator==(const VoiceKey &o) const { return tenant == o.tenant && source == o.source && kind == o.kind; }
    };

    struct Speaker {
        Name tenant, source;
        u8 kind;
        Name rep;
        bool operator==(const Speaker &o) const {
            return tenant == o.tenant && source == o.source && kind == o.kind && rep == o.rep;
        }
    };

    struct Mix {
        std::size_t operator()(const VoiceKey &key) const {
            return static_cast<std::size_t>(
                ((static_cast<u64>(key.tenant) << 32 | key.source) * 64 + key.kind) * 0x9e3779b97f4a7c15ULL >> 16);
        }
        std::size_t operator()(const Speaker &key) const {
            u64 mixed = (static_cast<u64>(key.tenant) << 32 | key.source) * 0x9e3779b97f4a7c15ULL;
            return static_cast<std::size_t>(
                (mixed ^ (static_cast<u64>(key.rep) << 8 | key.kind)) * 0xbf58476d1ce4e5b9ULL >> 16);
        }
    };

    // Who spoke of a rep today: a bit for each voice, and the newest of their first moments.
    struct Rep {
        u64 by = 0;  // the first 64 voices
        i64 since_ms = 0;
        std::vector<bool> by_more;

        bool has(u32 voice) const { return voice < 64 ? by >> voice & 1 : voice < by_more.size() && by_more[voice]; }
        void put(u32 voice) {
            if (voice < 64) {
                by |= 1ULL << voice;
                return;
            }
            if (by_more.size() <= voice) {
                by_more.resize(voice + 1);
            }
            by_more[voice] = true;
        }
    };

    // A tenant's reps.
    class Reps {
      public:
        const Rep *find(Name rep) const {
            u32 place = places_.find(rep, [](u32) { return true; });
            return place ? &reps_[place - 1] : nullptr;
        }

        Rep &operator[](Name rep) {
            u32 place = places_.find(rep, [](u32) { return true; });
            if (!place) {
                reps_.emplace_back();
                place = static_cast<u32>(reps_.size());
                places_.put(rep, place);
            }
            return reps_[place - 1];
        }

        void clear() {
            places_ = Flat<u32>();
            reps_.clear();
        }

      private:
        Flat<u32> places_;  // counted from 1
        std::vector<Rep> reps_;
    };

    // A publishing source that speaks of one kind: its number, its source's moments, its tenant's reps.
    struct Voice {
        u32 number;
        Moments *times;
        Reps *reps;
    };

    // The voice, if it was met; each kind's last one at a glance.
    const Voice *voice_met(const VoiceKey &key) {
        auto &[last, voice] = last_of_kind_[key.kind];
        if (voice && last == key) {
            return voice;
        }
        auto found = voices_.find(key);
        if (found == voices_.end()) {
            return nullptr;
        }
        last = key;
        voice = &found->second;
        return voice;
    }

    void note(Name tenant, Name source, u8 kind, Name rep, i64 time_ms) {
        Speaker speaker{tenant, source, kind, rep};
        auto told = known_.find(speaker);
        if (told == known_.end() || time_ms < told->second.first || time_ms >= told->second.second) {
            learn(speaker, time_ms);
        }
        Voice &voice = voice_of(VoiceKey{tenant, source, kind});
        voice.times->push_back(time_ms);
        i64 today_ms = day_of(time_ms);
        if (today_ms > today_ms_) {
            today_ms_ = today_ms;
            for (auto &[of_tenant, reps] : reps_) {
                reps.clear();
            }
        }
        if (today_ms == today_ms_) {
            Rep &known = (*voice.reps)[rep];
            known.put(voice.number);
            known.since_ms = std::max(known.since_ms, known_[speaker].first);
        }
    }

    Voice &voice_of(const VoiceKey &key) {
        auto found = voices_.find(key);
        if (found == voices_.end()) {
            Moments *times = &minutes_[{key.tenant, key.source}];
            Voice made{static_cast<u32>(voices_.size()), times, &reps_[key.tenant]};
            found = voices_.emplace(key, made).first;
        }
        return found->second;
    }

    void learn(const Speaker &speaker, i64 time_ms) {
        news_[speaker].push_back(time_ms);
        i64 first_ms = time_ms, end_ms = day_of(time_ms) + DAY_MS;
        auto told = known_.find(speaker);
        if (told != known_.end() &&
            floor_div(told->second.first, SPOKEN_SPAN_MS) == floor_div(time_ms, SPOKEN_SPAN_MS)) {
            first_ms = std::min(first_ms, told->second.first);
            end_ms = std::max(end_ms, told->second.second);
        }
        known_[speaker] = {first_ms, end_ms};
    }

    static i64 day_of(i64 time_ms) { return floor_div(time_ms, DAY_MS) * DAY_MS; }

    static Moments newest_of_minutes(Moments &times) {
        std::sort(times.begin(), times.end());
        Moments newest;
        for (std::size_t at = 0; at < times.size(); ++at) {
            if (at + 1 == times.size() || minute_of(times[at]) != minute_of(times[at + 1])) {
                newest.push_back(times[at]);
            }
        }
        return newest;
    }

    // The first and the last moment of each span.
    static Moments ends(Moments &times) {
        std::sort(times.begin(), times.end());
        Moments found;
        auto span = [&](std::size_t at) { return floor_div(times[at], SPOKEN_SPAN_MS); };
        for (std::size_t at = 0; at < times.size(); ++at) {
            bool is_first = at == 0 || span(at) != span(at - 1);
            bool is_last = at + 1 == times.size() || span(at) != span(at + 1);
            if ((is_first || is_last) && (found.empty() || found.back() != times[at])) {
                found.push_back(times[at]);
            }
        }
        return found;
    }

    static std::vector<Moments> runs(const Moments &moments) {
        std::vector<Moments> found;
        for (std::size_t low = 0; low < moments.size(); low += MOMENTS_PER_RUN) {
            std::size_t high = std::min(moments.size(), low + MOMENTS_PER_RUN);
            found.emplace_back(moments.begin() + static_cast<std::ptrdiff_t>(low),
                               moments.begin() + static_cast<std::ptrdiff_t>(high));
        }
        return found;
    }

    std::map<std::pair<Name, Name>, Moments> minutes_;  // (tenant, source) → every moment of the epoch
    std::unordered_map<Speaker, std::pair<i64, i64>, Mix> known_;  // → [first, end) told
    std::unordered_map<Speaker, Moments, Mix> news_;
    std::unordered_map<VoiceKey, Voice, Mix> voices_;
    std::map<Name, Reps> reps_;  // by tenant
    std::pair<VoiceKey, const Voice *> last_of_kind_[KINDS] = {};
    i64 today_ms_ = 0;
};

}  // namespace core
