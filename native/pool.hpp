// Memory for the many small things that live long: kept by size, taken and given back without a search.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>
#include <vector>

namespace core {

class Pool {
  public:
    static void *take(std::size_t size) {
        std::size_t number = number_of(size);
        if (number >= SIZES) {
            return size >= HUGE ? huge(size) : ::operator new(size);
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
        std::size_t number = number_of(size);
        if (number >= SIZES) {
            if (size >= HUGE) {
                std::free(place);
            } else {
                ::operator delete(place);
            }
            return;
        }
        Free *given = static_cast<Free *>(place);
        given->next = free_[number];
        free_[number] = given;
    }

  private:
    static std::size_t number_of(std::size_t size) { return size ? (size + STEP - 1) / STEP : 1; }

    struct Free {
        Free *next;
    };

    // Memory in large pages where the system has them: a million accounts are then on few enough to be found at once.
    static void *huge(std::size_t size) {
        std::size_t whole = (size + HUGE - 1) / HUGE * HUGE;
        void *place = std::aligned_alloc(HUGE, whole);
        if (!place) {
            throw std::bad_alloc();
        }
#ifdef MADV_HUGEPAGE
        madvise(place, whole, MADV_HUGEPAGE);  // it is only advice: without it all is the same, only slower
#endif
        return place;
    }

    static void *cut(std::size_t size) {
        if (room_ < size) {
            next_ = static_cast<char *>(huge(HUGE));
            room_ = HUGE;
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
    static constexpr std::size_t STEP = 16, HUGE = 1 << 21;
    static inline Free *free_[SIZES + 1] = {};
    static inline char *next_ = nullptr;
    static inline std::size_t room_ = 0;
};

// A vector's memory from the pool.
template <typename Value> struct Pooling {
    using value_type = Value;

    Pooling() = default;
    template <typename Other> Pooling(const Pooling<Other> &) {}

    Value *allocate(std::size_t count) { return static_cast<Value *>(Pool::take(count * sizeof(Value))); }
    void deallocate(Value *place, std::size_t count) { Pool::give(place, count * sizeof(Value)); }
    bool operator==(const Pooling &) const { return true; }
    bool operator!=(const Pooling &) const { return false; }
};

template <typename Value> using Vector = std::vector<Value, Pooling<Value>>;

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
