// Texts as small numbers: whatever names a rep, a source, a deal or a facet is kept once and compared as a number.
#pragma once

#include <cstdint>
#include <cstring>
#include <deque>
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
    Names() : table_(1 << 10, 0), texts_(1), hashes_(1) {}

    // The number of a text, the same each time. The text may be empty.
    Name of(Text text) {
        u32 mixed = static_cast<u32>(hash_of(text));
        std::size_t mask = table_.size() - 1;
        for (std::size_t at = mixed & mask;; at = (at + 1) & mask) {
            Name found = table_[at];
            if (found == NONE) {
                return add(text, mixed, at);
            }
            if (hashes_[found] == mixed && texts_[found] == text) {
                return found;
            }
        }
    }

    Text text(Name name) const { return texts_[name]; }

    std::size_t held_bytes() const { return bytes_ + texts_.size() * 28; }

  private:
    Name add(Text text, u32 mixed, std::size_t at) {
        Name name = static_cast<Name>(texts_.size());
        texts_.push_back(keep(text));
        hashes_.push_back(mixed);
        table_[at] = name;
        if (texts_.size() * 2 > table_.size()) {
            grow();
        }
        return name;
    }

    Text keep(Text text) {
        if (pages_.empty() || room_ < text.size()) {
            std::size_t size = text.size() > PAGE ? text.size() : PAGE;
            pages_.emplace_back(size, '\0');
            next_ = pages_.back().data();
            room_ = size;
        }
        if (!text.empty()) {
            std::memcpy(next_, text.data(), text.size());
        }
        Text kept(next_, text.size());
        next_ += text.size();
        room_ -= text.size();
        bytes_ += text.size();
        return kept;
    }

    void grow() {
        std::vector<Name> larger(table_.size() * 2, NONE);
        std::size_t mask = larger.size() - 1;
        for (Name name = 1; name < texts_.size(); ++name) {
            std::size_t at = hashes_[name] & mask;
            while (larger[at] != NONE) {
                at = (at + 1) & mask;
            }
            larger[at] = name;
        }
        table_.swap(larger);
    }

    static constexpr std::size_t PAGE = 1 << 16;
    std::vector<Name> table_;
    std::vector<Text> texts_;
    std::vector<u32> hashes_;
    std::deque<std::string> pages_;
    char *next_ = nullptr;
    std::size_t room_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace core
