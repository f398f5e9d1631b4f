// MessagePack as state rows and records use it: written in the shortest form, read without copies.
#pragma once

#include <memory>
#include <stdexcept>

#include "amount.hpp"

namespace core {

struct Unreadable : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Packer {
  public:
    Text bytes() const { return Text(begin_.get(), size_); }
    std::size_t size() const { return size_; }
    void clear() { size_ = 0; }

    void raw(Text text) {
        room(text.size());
        if (!text.empty()) {
            std::memcpy(begin_.get() + size_, text.data(), text.size());
        }
        size_ += text.size();
    }
    void nil() { byte(0xc0); }
    void boolean(bool value) { byte(value ? 0xc3 : 0xc2); }

    void integer(i64 value) {
        if (value >= 0) {
            natural(static_cast<u64>(value));
        } else if (value >= -32) {
            byte(static_cast<u8>(value));
        } else if (value >= -128) {
            byte(0xd0), big(static_cast<u64>(value), 1);
        } else if (value >= -32'768) {
            byte(0xd1), big(static_cast<u64>(value), 2);
        } else if (value >= -2'147'483'648LL) {
            byte(0xd2), big(static_cast<u64>(value), 4);
        } else {
            byte(0xd3), big(static_cast<u64>(value), 8);
        }
    }

    void natural(u64 value) {
        if (value < 128) {
            byte(static_cast<u8>(value));
        } else if (value < 256) {
            byte(0xcc), big(value, 1);
        } else if (value < 65'536) {
            byte(0xcd), big(value, 2);
        } else if (value <= 0xffffffffULL) {
            byte(0xce), big(value, 4);
        } else {
            byte(0xcf), big(value, 8);
        }
    }

    void real(double value) {
        u64 bits;
        std::memcpy(&bits, &value, 8);
        byte(0xcb), big(bits, 8);
    }

    void text(Text value) {
        std::size_t size = value.size();
        if (size < 32) {
            byte(static_cast<u8>(0xa0 | size));
        } else if (size < 256) {
            byte(0xd9), big(size, 1);
        } else if (size < 65'536) {
            byte(0xda), big(size, 2);
        } else {
            byte(0xdb), big(size, 4);
        }
        raw(value);
    }

    void array(std::size_t size) { head(size, 0x90, 0xdc); }
    void map(std::size_t size) { head(size, 0x80, 0xde); }

    // An amount: beyond 64 bits it travels as decimal text.
    void amount(const Amount &value) {
        if (value.is_small()) {
            integer(value.small());
        } else {
            text(value.decimal());
        }
    }

    void big(u64 value, int size) {
        for (int shift = (size - 1) * 8; shift >= 0; shift -= 8) {
            byte(static_cast<u8>(value >> shift));
        }
    }

  private:
    void byte(u8 value) {
        room(1);
        begin_[size_++] = static_cast<char>(value);
    }

    void room(std::size_t more) {
        if (size_ + more > held_) {
            std::size_t larger = std::max(held_ * 2, size_ + more + 256);
            std::unique_ptr<char[]> begin(new char[larger]);
            if (size_) {
                std::memcpy(begin.get(), begin_.get(), size_);
            }
            begin_ = std::move(begin);
            held_ = larger;
        }
    }

    void head(std::size_t size, u8 few, u8 many) {
        if (size < 16) {
            byte(static_cast<u8>(few | size));
        } else if (size < 65'536) {
            byte(many), big(size, 2);
        } else {
            byte(static_cast<u8>(many + 1)), big(size, 4);
        }
    }

    std::unique_ptr<char[]> begin_;
    std::size_t size_ = 0, held_ = 0;
};

class Unpacker {
  public:
    explicit Unpacker(Text bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

    const char *place() const { return at_; }
    bool is_nil() const { return at_ < end_ && static_cast<u8>(*at_) == 0xc0; }

    bool skip_nil() {
        if (!is_nil()) {
            return false;
        }
        ++at_;
        return true;
    }

    bool boolean() {
        u8 mark = byte();
        if (mark != 0xc2 && mark != 0xc3) {
            throw Unreadable("a row holds no boolean where one belongs");
        }
        return mark == 0xc3;
    }

    u64 natural() { return static_cast<u64>(integer()); }

    i64 integer() {
        u8 mark = byte();
        if (mark < 0x80) {
            return mark;
        }
        if (mark >= 0xe0) {
            return static_cast<std::int8_t>(mark);
        }
        switch (mark) {
            case 0xcc: return static_cast<i64>(big(1));
            case 0xcd: return static_cast<i64>(big(2));
            case 0xce: return static_cast<i64>(big(4));
            case 0xcf: return static_cast<i64>(big(8));
            case 0xd0: return static_cast<std::int8_t>(big(1));
            case 0xd1: return static_cast<std::int16_t>(big(2));
            case 0xd2: return static_cast<std::int32_t>(big(4));
            case 0xd3: return static_cast<i64>(big(8));
            default: throw Unreadable("a row holds no integer where one belongs");
        }
    }

    double real() {
        if (static_cast<u8>(*need(1)) != 0xcb) {
            return static_cast<double>(integer());
        }
        byte();
        u64 bits = big(8);
        double value;
        std::memcpy(&value, &bits, 8);
        return value;
    }

    Text text() {
        u8 mark = byte();
        std::size_t size = 0;
        if ((mark & 0xe0) == 0xa0) {
            size = mark & 0x1f;
        } else if (mark >= 0xd9 && mark <= 0xdb) {
            size = big(1 << (mark - 0xd9));
        } else {
            throw Unreadable("a row holds no text where one belongs");
        }
        return take(size);
    }

    std::size_t array() { return head(0x90, 0xdc); }
    std::size_t map() { return head(0x80, 0xde); }

    void skip() {
        u8 mark = static_cast<u8>(need(1)[0]);
        if (mark < 0x80 || mark >= 0xe0 || (mark >= 0xcc && mark <= 0xd3)) {
            integer();
        } else if ((mark & 0xf0) == 0x80 || mark == 0xde || mark == 0xdf) {
            for (std::size_t left = map() * 2; left; --left) {
                skip();
            }
        } else if ((mark & 0xf0) == 0x90 || mark == 0xdc || mark == 0xdd) {
            for (std::size_t left = array(); left; --left) {
                skip();
            }
        } else if (mark == 0xcb) {
            take(9);
        } else if (mark == 0xc0 || mark == 0xc2 || mark == 0xc3) {
            take(1);
        } else {
            text();
        }
    }

  private:
    const char *need(std::size_t size) {
        if (static_cast<std::size_t>(end_ - at_) < size) {
            throw Unreadable("a row ends in the middle");
        }
        return at_;
    }

    Text take(std::size_t size) {
        Text taken(need(size), size);
        at_ += size;
        return taken;
    }

    u8 byte() { return static_cast<u8>(take(1)[0]); }

    u64 big(int size) {
        u64 value = 0;
        for (char part : take(static_cast<std::size_t>(size))) {
            value = value << 8 | static_cast<u8>(part);
        }
        return value;
    }

    std::size_t head(u8 few, u8 many) {
        u8 mark = byte();
        if ((mark & 0xf0) == few) {
            return mark & 0x0f;
        }
        if (mark == many) {
            return big(2);
        }
        if (mark == many + 1) {
            return big(4);
        }
        throw Unreadable("a row holds no list where one belongs");
    }

    const char *at_;
    const char *end_;
};

}  // namespace core
