// An exact signed amount of 192 bits: a thousand lines of the largest quantity and price fit, and so do sums of them.
#pragma once

#include <algorithm>
#include <string>

#include "names.hpp"

namespace core {

class Amount {
  public:
    Amount(i64 value = 0) : low_(static_cast<u64>(value)), middle_(value < 0 ? ~0ULL : 0), high_(middle_) {}

    // The product of two numbers that aren't negative.
    static Amount product(i64 a, i64 b) {
        unsigned __int128 both = static_cast<unsigned __int128>(a) * static_cast<unsigned __int128>(b);
        Amount made;
        made.low_ = static_cast<u64>(both);
        made.middle_ = static_cast<u64>(both >> 64);
        return made;
    }

    Amount &operator+=(const Amount &other) {
        unsigned __int128 sum = static_cast<unsigned __int128>(low_) + other.low_;
        low_ = static_cast<u64>(sum);
        sum = (sum >> 64) + middle_ + other.middle_;
        middle_ = static_cast<u64>(sum);
        high_ += other.high_ + static_cast<u64>(sum >> 64);
        return *this;
    }

    Amount operator-() const {
        Amount turned;
        turned.low_ = ~low_;
        turned.middle_ = ~middle_;
        turned.high_ = ~high_;
        return turned += Amount(1);
    }

    bool is_zero() const { return (low_ | middle_ | high_) == 0; }
    bool is_negative() const { return (high_ >> 63) != 0; }

    // Whether it lies within -(2^63 - 1) and 2^63 - 1, as the wire's numbers do.
    bool is_small() const {
        u64 sign = static_cast<i64>(low_) < 0 ? ~0ULL : 0;
        return middle_ == sign && high_ == sign && low_ != 1ULL << 63;
    }

    i64 small() const { return static_cast<i64>(low_); }

    std::string decimal() const {
        Amount left = is_negative() ? -*this : *this;
        std::string digits;
        do {
            unsigned __int128 rest = 0;
            for (u64 *limb : {&left.high_, &left.middle_, &left.low_}) {
                rest = rest << 64 | *limb;
                *limb = static_cast<u64>(rest / 10);
                rest %= 10;
            }
            digits.push_back(static_cast<char>('0' + static_cast<int>(rest)));
        } while (!left.is_zero());
        if (is_negative()) {
            digits.push_back('-');
        }
        std::reverse(digits.begin(), digits.end());
        return digits;
    }

  private:
    u64 low_, middle_, high_;
};

}  // namespace core
