// Memory for the many small things that live long: kept by size, taken and given back without a search.
#pragma once

#include <cstdlib>
#include <new>

#include "names.hpp"

namespace core {

class Pool {
  public:
    static void *take(std::size_t size) {
        std::size_t number = (size + STEP - 1) / STEP;
        if (number >= SIZES) {
            return ::operator new(size);
        }
        Free *&first = free_[number];
        if (first) {
            void *taken = first;
            first = first->next;
            return taken;
        }
        return cut(number * STEP);
    }

    static void give(void *place, std::size_t size) {
        std::size_t number = (size + STEP - 1) / STEP;
        if (number >= SIZES) {
            ::operator delete(place);
            return;
        }
        Free *given = static_cast<Free *>(place);
        given->next = free_[number];
        free_[number] = given;
    }

  private:
    struct Free {
        Free *next;
    };

    static void *cut(std::size_t size) {
        if (room_ < size) {
            next_ = static_cast<char *>(::operator new(SLAB));
            room_ = SLAB;
        }
        void *taken = next_;
        next_ += size;
        room_ -= size;
        return taken;
    }

#ifdef __SANITIZE_ADDRESS__
    static constexpr std::size_t SIZES = 0;  // each piece on its own, so that a wrong step is seen
#else
    static constexpr std::size_t SIZES = 65;
#endif
    static constexpr std::size_t STEP = 16, SLAB = 1 << 16;
    static inline Free *free_[SIZES + 1] = {};
    static inline char *next_ = nullptr;
    static inline std::size_t room_ = 0;
};

// What is made often has its memory from the pool.
struct Pooled {
    static void *operator new(std::size_t size) { return Pool::take(size); }
    static void operator delete(void *place, std::size_t size) { Pool::give(place, size); }
};

// Bytes of a size that is given once.
class Bytes {
  public:
    Bytes() = default;
    explicit Bytes(std::size_t size) : place_(size ? static_cast<char *>(Pool::take(size)) : nullptr), size_(size) {}
    Bytes(Bytes &&other) noexcept { swap(other); }
    Bytes &operator=(Bytes &&other) noexcept {
        swap(other);
        return *this;
    }
    ~Bytes() {
        if (place_) {
            Pool::give(place_, size_);
        }
    }

    char *get() const { return place_; }
    std::size_t size() const { return size_; }

  private:
    void swap(Bytes &other) {
        std::swap(place_, other.place_);
        std::swap(size_, other.size_);
    }

    char *place_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace core
