// Texts as small numbers: whatever names a rep, a source, a deal or a facet is kept once and compared as a number.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "pool.hpp"

namespace core {

using i64 = std::int64_t;
using u64 = std::uint64_t;
using u32 = std::uint32_t;
using u8 = std::uint8_t;
using Text = std::string_view;

using Name = u32;
constexpr Name NONE = 0;  // what is not said; no text has this number

// Both halves of a product, one over the other.
inline u64 folded_product(u64 a, u64 b) {
    unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
    return static_cast<u64>(product) ^ static_cast<u64>(product >> 64);
}

// A text's hash, another in each process: who names things can't know which fall together.
inline u64 hash_of(Text text) {
    static const u64 secret = (static_cast<u64>(std::random_device{}()) << 32 | std::random_device{}()) | 1;
    constexpr u64 odd = 0xa0761d6478bd642fULL;
    u64 mixed = folded_product(secret ^ text.size(), odd), part = 0;
    const char *at = text.data();
    std::size_t left = text.size();
    for (; left > 8; left -= 8, at += 8) {
        std::memcpy(&part, at, 8);
        mixed = folded_product(mixed ^ part, odd ^ secret);
    }
    part = 0;
    if (left) {
        std::memcpy(&part, at, left);
    }
    return folded_product(mixed ^ part, secret);
}

// A text that is held in place where it is short, so that a look at it is one look at memory.
template <u32 SHORT> class Inline {
  public:
    Inline() = default;
    Inline(const Inline &) = delete;
    Inline &operator=(const Inline &) = delete;
    ~Inline() {
        if (size_ > SHORT) {
            delete[] far();
        }
    }

    // Take a text, once.
    void hold(Text text) {
        size_ = static_cast<u32>(text.size());
        if (size_ > SHORT) {
            char *place = new char[size_];
            std::memcpy(place, text.data(), size_);
            std::memcpy(held_, &place, sizeof place);
        } else if (size_) {
            std::memcpy(held_, text.data(), size_);
        }
    }

    Text text() const { return Text(size_ > SHORT ? far() : held_, size_); }

  private:
    static_assert(SHORT >= sizeof(char *), "the place of a long text is held where a short one would be");

    char *far() const {
        char *place;
        std::memcpy(&place, held_, sizeof place);
        return place;
    }

    u32 size_ = 0;
    char held_[SHORT] = {};
};

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

    using Kept = Inline<20>;

    static constexpr Name PAGE = 1 << 12;

    const Kept &kept(Name name) const { return pages_[name / PAGE][name % PAGE]; }

    Name add(Text text, u32 mixed, std::size_t at) {
        Name name = count_++;
        if (name / PAGE == pages_.size()) {
            pages_.push_back(std::make_unique<Kept[]>(PAGE));
        }
        pages_[name / PAGE][name % PAGE].hold(text);
        bytes_ += text.size();
        table_[at] = {mixed, name};
        if (count_ * 2UL > table_.size()) {
            grow();
        }
        return name;
    }

    void grow() {
        Vector<Slot> before(table_.size() * 2);
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

    Vector<Slot> table_;
    std::vector<std::unique_ptr<Kept[]>> pages_;
    Name count_ = 1;
    std::size_t bytes_ = 0;
};

}  // namespace core
