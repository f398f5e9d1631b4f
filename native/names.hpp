// Texts as small numbers: whatever names a rep, a source, a deal or a facet is kept once and compared as a number.
#pragma once

#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace core {

using i64 = std::int64_t;
using u64 = std::uint64_t;
using u32 = std::uint32_t;
using u8 = std::uint8_t;
using Text = std::string_view;

using Name = u32;
constexpr Name NONE = 0;  // what is not said; no text has this number

inline u64 hash_of(Text text) { return std::hash<Text>{}(text); }

class Names {
  public:
    Names() : table_(1 << 10) {}

    // The number of a text, the same each time. The text may be empty.
    Name of(Text text) {
        u32 mixed = static_cast<u32>(hash_of(text));
        std::size_t mask = table_.size() - 1;
        for (std::size_t at = mixed & mask;; at = (at + 1) & mask) {
            Slot slot = table_[at];
            if (slot.name == NONE) {
                return add(text, mixed, at);
            }
            if (slot.hash == mixed && kept(slot.name).text() == text) {
                return slot.name;
            }
        }
    }

    // The text of a name; it stays where it is.
    Text text(Name name) const { return kept(name).text(); }

    std::size_t held_bytes() const { return bytes_ + count_ * sizeof(Kept) + table_.size() * sizeof(Slot); }

  private:
    struct Slot {
        u32 hash = 0;
        Name name = NONE;
    };

    // A short text is held in place, so that a look at it is one look at memory.
    struct Kept {
        static constexpr std::size_t SHORT = 20;
        u32 size = 0;
        char held[SHORT] = {};

        Text text() const {
            if (size <= SHORT) {
                return Text(held, size);
            }
            const char *place;
            std::memcpy(&place, held, sizeof place);
            return Text(place, size);
        }
    };

    static constexpr Name PAGE = 1 << 12;

    const Kept &kept(Name name) const { return pages_[name / PAGE][name % PAGE]; }

    Name add(Text text, u32 mixed, std::size_t at) {
        Name name = count_++;
        if (name / PAGE == pages_.size()) {
            pages_.push_back(std::make_unique<Kept[]>(PAGE));
        }
        Kept &kept = pages_[name / PAGE][name % PAGE];
        kept.size = static_cast<u32>(text.size());
        if (text.size() <= Kept::SHORT) {
            std::memcpy(kept.held, text.data(), text.size());
        } else {
            long_.emplace_back(text);
            const char *place = long_.back().data();
            std::memcpy(kept.held, &place, sizeof place);
            bytes_ += text.size() + sizeof(std::string);
        }
        table_[at] = {mixed, name};
        if (count_ * 2UL > table_.size()) {
            grow();
        }
        return name;
    }

    void grow() {
        std::vector<Slot> before(table_.size() * 2);
        before.swap(table_);
        std::size_t mask = table_.size() - 1;
        for (const Slot &slot : before) {
            if (slot.name != NONE) {
                std::size_t at = slot.hash & mask;
                while (table_[at].name != NONE) {
                    at = (at + 1) & mask;
                }
                table_[at] = slot;
            }
        }
    }

    std::vector<Slot> table_;
    std::vector<std::unique_ptr<Kept[]>> pages_;
    std::deque<std::string> long_;
    Name count_ = 1;
    std::size_t bytes_ = 0;
};

}  // namespace core
