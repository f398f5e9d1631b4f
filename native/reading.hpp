// The fields of an event's data, read from the form in which rows hold it.
#pragma once

#include <unordered_map>

#include "account.hpp"

namespace core {

enum class Field : u8 {
    OTHER,
    REP,
    DEAL,
    LEAD,
    SOURCE,
    ORDER,
    KIND,
    PHASE,
    AUTOMATED,
    DURATION,
    STAGE,
    PIPELINE,
    CURRENCY,
    AMOUNT,
    SPLITS,
    LINES,
    SCORE,
    SCALE,
    STARTS_AT,
};

inline Field field_of(Text name) {
    static const std::unordered_map<Text, Field> known = {
        {"rep", Field::REP},
        {"deal", Field::DEAL},
        {"lead", Field::LEAD},
        {"source", Field::SOURCE},
        {"order", Field::ORDER},
        {"kind", Field::KIND},
        {"phase", Field::PHASE},
        {"automated", Field::AUTOMATED},
        {"duration_s", Field::DURATION},
        {"stage", Field::STAGE},
        {"pipeline", Field::PIPELINE},
        {"currency", Field::CURRENCY},
        {"amount_minor", Field::AMOUNT},
        {"splits", Field::SPLITS},
        {"lines", Field::LINES},
        {"score", Field::SCORE},
        {"scale", Field::SCALE},
        {"starts_at", Field::STARTS_AT},
    };
    auto found = known.find(name);
    return found == known.end() ? Field::OTHER : found->second;
}

class Reader {
  public:
    explicit Reader(Names &names) : names_(names) {}

    // Read what an entry's data says into its fields; its kind is set. ``ids``: those of its account.
    void read(Entry &entry, Text data, Ids &ids) {
        Unpacker from(data);
        for (std::size_t left = from.map(); left; --left) {
            Field field = field_of(from.text());
            if (from.is_nil()) {
                from.skip();
            } else if (!read_common(entry, field, from, ids)) {
                read_further(entry, field, from, ids);
            }
        }
    }

  private:
    Name name(Unpacker &from) { return names_.of(from.text()); }

    bool read_common(Entry &entry, Field field, Unpacker &from, Ids &ids) {
        switch (field) {
            case Field::REP: entry.rep = name(from); return true;
            case Field::DEAL: entry.deal = ids.of(from.text()); return true;
            case Field::LEAD: entry.lead = ids.of(from.text()); return true;
            case Field::AUTOMATED: entry.automated = from.boolean(); return true;
            case Field::DURATION: entry.duration_s = from.integer(); return true;
            case Field::PHASE: entry.phase = from.text() == "post_sale" ? POST_SALE : PRE_SALE; return true;
            case Field::OTHER: from.skip(); return true;
            default: return false;
        }
    }

    void read_further(Entry &entry, Field field, Unpacker &from, Ids &ids) {
        if (field == Field::KIND && entry.kind == TOUCH) {
            entry.word = name(from);
            return;
        }
        if (!entry.further) {
            entry.further = std::make_unique<Further>();
        }
        Further &further = *entry.further;
        switch (field) {
            case Field::KIND: further.is_nps_kind = from.text() == "nps"; break;
            case Field::SOURCE: further.source = name(from); break;
            case Field::ORDER: further.order = ids.of(from.text()); break;
            case Field::STAGE: further.stage = name(from); break;
            case Field::PIPELINE: further.pipeline = name(from); break;
            case Field::CURRENCY: further.currency = name(from); break;
            case Field::AMOUNT: further.amount = from.integer(), further.has_amount = true; break;
            case Field::SCORE: further.score = from.real(); break;
            case Field::SCALE: read_scale(further, from); break;
            case Field::SPLITS: read_splits(further, from); break;
            case Field::LINES: read_lines(further, from); break;
            case Field::STARTS_AT: further.starts_at = std::string(from.text()); break;
            default: from.skip();
        }
    }

    void read_scale(Further &further, Unpacker &from) {
        for (std::size_t left = from.map(); left; --left) {
            Text end = from.text();
            (end == "min" ? further.scale_min : further.scale_max) = from.real();
        }
    }

    void read_splits(Further &further, Unpacker &from) {
        for (std::size_t count = from.array(); count; --count) {
            std::pair<Name, i64> split(NONE, 0);
            for (std::size_t left = from.map(); left; --left) {
                if (from.text() == "rep") {
                    split.first = name(from);
                } else {
                    split.second = from.integer();
                }
            }
            further.splits.push_back(split);
        }
    }

    // The lines of an order come to quantity times price; a win's lines have no price, and are only counted.
    void read_lines(Further &further, Unpacker &from) {
        further.has_lines = true;
        for (std::size_t count = from.array(); count; --count) {
            i64 quantity = 0, price = 0;
            for (std::size_t left = from.map(); left; --left) {
                Text field = from.text();
                if (field == "qty" && !from.is_nil()) {
                    quantity = from.integer();
                } else if (field == "unit_price_minor") {
                    price = from.integer();
                } else {
                    from.skip();
                }
            }
            further.lines_total += Amount::product(quantity, price);
            ++further.lines;
        }
    }

    Names &names_;
};

// How much of a row an entry takes: 1, and 1 for every few lines or splits.
inline u32 weight(const Entry &entry) {
    constexpr u32 LINES_PER_WEIGHT = 4;
    if (entry.voided || !entry.further) {
        return 1;
    }
    return 1 + (entry.further->lines + static_cast<u32>(entry.further->splits.size())) / LINES_PER_WEIGHT;
}

}  // namespace core
