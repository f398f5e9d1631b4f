// Instants in their usual form YYYY-MM-DDTHH:MM:SS[.mmm…](Z|±HH:MM); `schemas.instants` reads all others.
#pragma once

#include "names.hpp"

namespace core {

constexpr i64 TIME_MIN_MS = -2'208'988'800'000, TIME_MAX_MS = 32'503'680'000'000;

class InstantText {
  public:
    explicit InstantText(Text text) : text_(text) {}

    // The instant in UTC milliseconds; false if the text has another form, or its year is not 1900 to 2999.
    bool read(i64 &time_ms) {
        if (text_.size() < 20 || text_[10] != 'T') {
            return false;
        }
        int year = number(0, 4), month = number(5, 2), day = number(8, 2);
        int hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
        if (!is_sound_ || text_[4] != '-' || text_[7] != '-' || text_[13] != ':' || text_[16] != ':') {
            return false;
        }
        if (month < 1 || month > 12 || day < 1 || day > days_of(year, month) || hour > 23 || minute > 59 ||
            second > 59) {
            return false;
        }
        time_ms = ((days_before(year, month, day) * 24 + hour) * 60 + minute) * 60'000LL + second * 1'000LL;
        return read_end(time_ms) && TIME_MIN_MS <= time_ms && time_ms < TIME_MAX_MS;
    }

  private:
    bool read_end(i64 &time_ms) {
        std::size_t at = 19;
        if (text_[at] == '.') {
            int place = 100;
            std::size_t first = ++at;
            for (; at < text_.size() && text_[at] >= '0' && text_[at] <= '9'; ++at) {
                time_ms += (text_[at] - '0') * place;
                place /= 10;
            }
            if (at == first) {
                return false;
            }
        }
        if (at + 1 == text_.size() && text_[at] == 'Z') {
            return true;
        }
        if (at + 6 != text_.size() || (text_[at] != '+' && text_[at] != '-') || text_[at + 3] != ':') {
            return false;
        }
        int hours = number(at + 1, 2), minutes = number(at + 4, 2);
        if (!is_sound_ || hours > 23 || minutes > 59) {
            return false;
        }
        i64 offset_ms = (hours * 60 + minutes) * 60'000LL;
        time_ms += text_[at] == '+' ? -offset_ms : offset_ms;
        return true;
    }

    int number(std::size_t at, int digits) {
        int value = 0;
        for (int n = 0; n < digits; ++n) {
            char digit = text_[at + static_cast<std::size_t>(n)];
            is_sound_ = is_sound_ && digit >= '0' && digit <= '9';
            value = value * 10 + (digit - '0');
        }
        return value;
    }

    static bool is_leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

    static int days_of(int year, int month) {
        constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        return month == 2 && is_leap(year) ? 29 : days[month - 1];
    }

    // Days from 1970-01-01 to a date of the Gregorian calendar; years are counted from March, so a leap day is the
    // last.
    static i64 days_before(int year, int month, int day) {
        i64 from_march = month > 2 ? year : year - 1;
        i64 months = (month + 9) % 12;
        i64 before = from_march * 365 + from_march / 4 - from_march / 100 + from_march / 400;
        return before + (months * 153 + 2) / 5 + day - 1 - 719'468;
    }

    Text text_;
    bool is_sound_ = true;
};

}  // namespace core
