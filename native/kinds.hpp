// Kinds of activity by number, and what they have in common; `schemas.envelope.Kind` and `stream.accounts.kinds`.
#pragma once

#include "names.hpp"

namespace core {

enum Kind : u8 {
    LEAD_CREATED = 1,
    DEAL_OPENED = 2,
    OWNER_CHANGED = 3,
    DEAL_WON = 4,
    DEAL_LOST = 5,
    DEAL_REOPENED = 6,
    TOUCH = 7,
    ORDER_PLACED = 8,
    ORDER_REFUNDED = 9,
    SURVEY_ANSWERED = 10,
    CUSTOMER_ONBOARDED = 11,
    CUSTOMER_CHURNED = 12,
    STAGE_CHANGED = 15,
    AMOUNT_CHANGED = 16,
    APPOINTMENT_SET = 17,
    APPOINTMENT_HELD = 18,
    CUSTOMER_REACTIVATED = 25,
};

constexpr int KINDS = 64;  // of activity

class KindSet {
  public:
    template <typename... More> constexpr explicit KindSet(More... kinds) : bits_(((1ULL << kinds) | ... | 0ULL)) {}
    constexpr bool has(int kind) const { return bits_ >> kind & 1; }
    constexpr KindSet operator|(KindSet other) const { return from(bits_ | other.bits_); }
    static constexpr KindSet from(u64 bits) {
        KindSet made;
        made.bits_ = bits;
        return made;
    }

  private:
    u64 bits_;
};

constexpr KindSet CLOSES(DEAL_WON, DEAL_LOST);
constexpr KindSet LINKING(DEAL_WON, DEAL_LOST, DEAL_OPENED);
constexpr KindSet OWNING(DEAL_OPENED, OWNER_CHANGED, STAGE_CHANGED);
constexpr KindSet DEAL_KINDS(DEAL_WON, DEAL_LOST, DEAL_OPENED, OWNER_CHANGED, STAGE_CHANGED, AMOUNT_CHANGED,
                             DEAL_REOPENED);
constexpr KindSet CUSTOMER_KINDS(CUSTOMER_ONBOARDED, CUSTOMER_REACTIVATED, CUSTOMER_CHURNED);
constexpr KindSet ORDER_KINDS(ORDER_PLACED, ORDER_REFUNDED);
constexpr KindSet PHASE_KINDS = KindSet(ORDER_PLACED, DEAL_WON, DEAL_LOST, DEAL_REOPENED) | CUSTOMER_KINDS;
constexpr KindSet KEPT_KINDS(TOUCH, APPOINTMENT_HELD, APPOINTMENT_SET);

// What Python's tables say of the kinds: given once, so that it is said in one place only.
struct KindTables {
    u8 rank[KINDS] = {};
    bool is_known[KINDS] = {};
    bool settles[KINDS] = {};
};

}  // namespace core
