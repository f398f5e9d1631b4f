// Hash tables in one piece, for what is looked up with each event.
#pragma once

#include "names.hpp"

namespace core {

inline u64 mixed(u64 bits) {
    bits ^= bits >> 32;
    bits *= 0x9e3779b97f4a7c15ULL;
    return bits ^ bits >> 29;
}

// Numbers by key, a key perhaps several times; neither is 0.
template <typename Value> class Flat {
  public:
    // The first value of a key that a test takes; else an empty one.
    template <typename Test> Value find(u64 key, Test takes) const {
        if (slots_.empty()) {
            return Value();
        }
        std::size_t mask = slots_.size() - 1;
        for (std::size_t at = mixed(key) & mask; slots_[at].value; at = (at + 1) & mask) {
            if (slots_[at].key == key && takes(slots_[at].value)) {
                return slots_[at].value;
            }
        }
        return Value();
    }

    void put(u64 key, Value value) {
        if ((used_ + 1) * 2 > slots_.size()) {
            grow();
        }
        place(key, value);
        ++used_;
    }

    // Take out the first value of a key that a test takes.
    template <typename Test> void remove(u64 key, Test takes) {
        if (slots_.empty()) {
            return;
        }
        std::size_t mask = slots_.size() - 1;
        std::size_t at = mixed(key) & mask;
        while (slots_[at].value && (slots_[at].key != key || !takes(slots_[at].value))) {
            at = (at + 1) & mask;
        }
        if (!slots_[at].value) {
            return;
        }
        --used_;
        for (std::size_t next = (at + 1) & mask; slots_[next].value; next = (next + 1) & mask) {
            std::size_t home = mixed(slots_[next].key) & mask;
            if (((next - home) & mask) >= ((next - at) & mask)) {  // it may stand in the gap
                slots_[at] = slots_[next];
                at = next;
            }
        }
        slots_[at] = Slot();
    }

  private:
    struct Slot {
        u64 key = 0;
        Value value = Value();
    };

    void place(u64 key, Value value) {
        std::size_t mask = slots_.size() - 1;
        std::size_t at = mixed(key) & mask;
        while (slots_[at].value) {
            at = (at + 1) & mask;
        }
        slots_[at] = {key, value};
    }

    void grow() {
        Vector<Slot> before(slots_.empty() ? 16 : slots_.size() * 2);
        before.swap(slots_);
        for (const Slot &slot : before) {
            if (slot.value) {
                place(slot.key, slot.value);
            }
        }
    }

    Vector<Slot> slots_;
    std::size_t used_ = 0;
};

}  // namespace core
