"""The sales floor: at each moment somebody does something, told by an event. Deterministic by seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random
from typing import Any

from cli.demo.accounts import Account
from cli.demo.company import DAY_MS, HOUR_MS, DemoEvent, Rep, stamp

SOURCES = ("web", "fair", "referral", "cold_call", None)
CALLS = ("call", "call", "call", "sms")
WRITTEN = ("email", "email", "email", "video_meeting", "meeting", "demo", "chat")
PIPELINE = "standard"
STAGES = ("prospecting", "qualification", "proposal", "negotiation")
PRODUCTS = (("desk", 19_900), ("chair", 12_900), ("lamp", 2_990), ("shelf", 7_900), ("service", 30_000))
REASONS = ("price", "timing", "competitor")
NPS_SCORES = (10, 10, 10, 9, 9, 9, 9, 8, 8, 7, 7, 6, 4)
DEAL_MINOR, DEAL_SPREAD = 480_000, 0.35
"""The median of a deal's amount for an average rep, and the spread of its logarithm."""
TARGET_PER_DAY = 700_000
"""What a rep of average skill brings in on a working day, roughly (minor units): quotas are set around it."""
PROSPECTS_MAX, CUSTOMERS_MAX = 22, 14
ARRIVES = 0.075


class SalesFloor:
    """Accounts by rep, and the next thing that happens among them. ``run`` keeps the ids of several runs apart."""

    def __init__(self, reps: list[Rep], *, seed: int, run: str) -> None:
        self._random = Random(f"{seed}-{run}")
        self._run = run
        self._count = 0
        self.tells_history = False
        self._reps = {rep.id: rep for rep in reps}
        self._names = list(self._reps)
        self._accounts: dict[str, list[Account]] = {rep.id: [] for rep in reps}
        self._acts: list[tuple[Callable[[Account, int], DemoEvent], Callable[[Account], bool], float]] = [
            (self._touch, lambda a: not a.is_customer or bool(a.deal), 24.0),
            (self._check_in, lambda a: a.is_customer, 7.0),
            (self._judge_fit, lambda a: not a.is_qualified and a.touches >= 1 and not a.deal, 4.0),
            (self._open, lambda a: a.is_qualified and not a.deal and not a.is_customer, 12.0),
            (self._open, lambda a: a.is_customer and not a.deal, 0.9),
            (self._advance, lambda a: bool(a.deal) and a.stage != STAGES[-1], 10.0),
            (self._price, lambda a: bool(a.deal), 1.5),
            (self._hand_over, lambda a: bool(a.deal), 0.3),
            (self._meet, lambda a: bool(a.deal), 2.5),
            (self._win, lambda a: bool(a.deal) and a.stage in STAGES[2:] and a.touches >= 2, 7.0),
            (self._lose, lambda a: bool(a.deal) and a.touches >= 2, 3.0),
            (self._reopen, lambda a: not a.deal and bool(a.closed_deals), 0.06),
            (self._onboard, lambda a: bool(a.won_deals) and not a.is_customer, 14.0),
            (self._answer, lambda a: a.is_customer, 1.1),
            (self._churn, lambda a: a.is_customer and not a.deal and len(a.closed_deals) > 1, 0.25),
            # Some leave while a deal is open, which nobody closes: it stands still.
            (self._churn, lambda a: a.is_customer and bool(a.deal) and len(a.closed_deals) > 1, 0.05),
        ]

    @property
    def accounts(self) -> list[Account]:
        """Everybody the reps work with."""
        return [account for accounts in self._accounts.values() for account in accounts]

    def take_over(self, accounts: Iterable[Account]) -> None:
        """Go on with these accounts."""
        for account in sorted(accounts, key=lambda account: account.last_ms):
            if account.rep in self._accounts and not account.is_gone:
                self._keep(account)

    def recall(self, events: Iterable[DemoEvent]) -> None:
        """Stand where these events, of accounts of any run, have led."""
        found: dict[str, Account] = {}
        for event in sorted(events, key=lambda event: event.time_ms):
            found.setdefault(event.subject, Account(event.subject)).take(event)
        self.take_over(found.values())

    def act(self, rep: Rep, time_ms: int) -> DemoEvent:
        """What a rep does at ``time_ms``. Events of an account never share a millisecond: the later one is moved on."""
        accounts = self._accounts[rep.id]
        if not accounts or self._random.random() < ARRIVES:
            return self._arrive(rep, time_ms)
        account = min(self._random.choices(accounts, k=2), key=lambda each: each.last_ms)
        possible = [(act, weight) for act, allowed, weight in self._acts if allowed(account)]
        acts, weights = zip(*possible, strict=True)
        return self._happen(self._random.choices(acts, weights)[0], account, time_ms)

    def buy(self, time_ms: int) -> DemoEvent | None:
        """A customer of some rep orders, or sends something back; None where that rep has none."""
        chosen = self._random.choice(self._names)
        customers = [account for account in self._accounts[chosen] if account.is_customer]
        if not customers:
            return None
        account = self._random.choice(customers)
        sends_back = account.orders and self._random.random() < 0.05
        return self._happen(self._refund if sends_back else self._order, account, time_ms)

    def open_deal(self, rep: Rep) -> Account | None:
        """An account of a rep with an open deal, if there is one."""
        return next((account for account in self._accounts[rep.id] if account.deal), None)

    def new_name(self) -> str:
        """What the next event, account or deal is called."""
        self._count += 1
        return f"{self._run}{self._count:06d}"

    def event(self, kind: str, account: Account, time_ms: int, data: dict[str, Any], source: str = "crm") -> DemoEvent:
        """An event of an account that is remembered there."""
        given = {name: value for name, value in data.items() if value is not None}
        event = DemoEvent(
            f"sales.{kind}", f"e-{self.new_name()}", account.key, time_ms, given, source, backfill=self.tells_history
        )
        account.take(event)
        return event

    def _happen(self, act: Callable[[Account, int], DemoEvent], account: Account, time_ms: int) -> DemoEvent:
        before = account.rep
        event = act(account, max(time_ms, account.last_ms + 1))
        if account.is_gone:
            self._accounts[before].remove(account)
        elif account.rep != before:
            self._accounts[before].remove(account)
            self._keep(account)
        return event

    def _keep(self, account: Account) -> None:
        """A rep has only so many at once: the one left alone for longest is forgotten, one with a deal last."""
        accounts = self._accounts[account.rep]
        alike = [each for each in accounts if each.is_customer == account.is_customer]
        if len(alike) >= (CUSTOMERS_MAX if account.is_customer else PROSPECTS_MAX):
            accounts.remove(min(alike, key=lambda each: (bool(each.deal), each.last_ms)))
        accounts.append(account)

    def _arrive(self, rep: Rep, time_ms: int) -> DemoEvent:
        name = self.new_name()
        account = Account(f"A-{name}", rep=rep.id, lead=f"L-{name}")
        self._keep(account)
        motion = self._random.choice(("inbound", "inbound", "outbound"))
        data = {"lead": account.lead, "rep": rep.id, "source": self._random.choice(SOURCES), "motion": motion}
        return self.event("lead.created", account, time_ms, data)

    def _touch(self, account: Account, time_ms: int) -> DemoEvent:
        about = {"deal": account.deal} if account.deal else {"lead": account.lead}
        return self._contact(account, time_ms, about | {"phase": self._random.choice(("pre_sale", None))})

    def _check_in(self, account: Account, time_ms: int) -> DemoEvent:
        return self._contact(account, time_ms, {"phase": self._random.choice(("post_sale", None))})

    def _contact(self, account: Account, time_ms: int, about: dict[str, Any]) -> DemoEvent:
        is_call = self._random.random() < 0.5
        kind = self._random.choice(CALLS if is_call else WRITTEN)
        lasts = {"duration_s": self._random.randrange(20, 1_500)} if kind == "call" else {}
        data = {"rep": account.rep, "kind": kind, "direction": "outbound"} | lasts | about
        return self.event("touch.logged", account, time_ms, data, "telephony" if is_call else "crm")

    def _judge_fit(self, account: Account, time_ms: int) -> DemoEvent:
        data = {"lead": account.lead, "rep": account.rep}
        if self._random.random() < 0.2:
            return self.event("lead.disqualified", account, time_ms, data | {"reason": "bad_fit"})
        return self.event("lead.qualified", account, time_ms, data)

    def _open(self, account: Account, time_ms: int) -> DemoEvent:
        rep, spread = self._reps[account.rep], self._random.lognormvariate(0, DEAL_SPREAD)
        data = {
            "deal": f"D-{self.new_name()}",
            "rep": account.rep,
            "lead": self._random.choice((account.lead, None)),
            "pipeline": PIPELINE,
            "stage": STAGES[0],
            "deal_type": "upsell" if account.is_customer else "new",
            "amount_minor": int(DEAL_MINOR * rep.region.prices * rep.skill * spread) // 100 * 100,
            "currency": rep.region.currency,
            "segment": "b2b",
        }
        return self.event("deal.opened", account, time_ms, data)

    def _advance(self, account: Account, time_ms: int) -> DemoEvent:
        stage = STAGES[STAGES.index(account.stage) + 1] if account.stage in STAGES else STAGES[0]
        return self.event("deal.stage_changed", account, time_ms, {"deal": account.deal, "stage": stage})

    def _price(self, account: Account, time_ms: int) -> DemoEvent:
        data = {"deal": account.deal, "amount_minor": int(account.amount_minor * self._random.uniform(0.8, 1.2))}
        return self.event("deal.amount_changed", account, time_ms, data | {"currency": self._currency(account)})

    def _hand_over(self, account: Account, time_ms: int) -> DemoEvent:
        team = self._reps[account.rep].team
        mates = [rep.id for rep in self._reps.values() if rep.team == team]
        data = {"deal": account.deal, "rep": self._random.choice(mates)}
        return self.event("deal.owner_changed", account, time_ms, data)

    def _meet(self, account: Account, time_ms: int) -> DemoEvent:
        about = {"rep": account.rep, "deal": account.deal}
        if not account.appointment:
            starts = {"starts_at": stamp(time_ms + self._random.randrange(HOUR_MS, 3 * DAY_MS))}
            appointment = {"appointment": f"M-{self.new_name()}"}
            return self.event("appointment.set", account, time_ms, appointment | about | starts)
        kind = "held" if self._random.random() < 0.85 else "no_show"
        return self.event(f"appointment.{kind}", account, time_ms, {"appointment": account.appointment} | about)

    def _win(self, account: Account, time_ms: int) -> DemoEvent:
        data: dict[str, Any] = {
            "deal": account.deal,
            "amount_minor": account.amount_minor,
            "currency": self._currency(account),
        }
        chance = self._random.random()
        mates = [rep.id for rep in self._reps.values() if rep.id != account.rep]
        if chance < 0.1 and mates:
            share = self._random.choice((3_333, 5_000, 7_000))
            second = {"rep": self._random.choice(mates), "share_bp": 10_000 - share}
            data["splits"] = [{"rep": account.rep, "share_bp": share}, second]
        elif chance < 0.97:
            data["rep"] = account.rep
        if self._random.random() < 0.15:
            data["source"] = "partner"
        return self.event("deal.won", account, time_ms, data)

    def _lose(self, account: Account, time_ms: int) -> DemoEvent:
        data = {"deal": account.deal, "reason": self._random.choice(REASONS)}
        return self.event("deal.lost", account, time_ms, data)

    def _reopen(self, account: Account, time_ms: int) -> DemoEvent:
        return self.event("deal.reopened", account, time_ms, {"deal": account.closed_deals[-1]})

    def _order(self, account: Account, time_ms: int) -> DemoEvent:
        chosen = self._random.sample(PRODUCTS, self._random.randint(1, 3))
        prices = self._reps[account.rep].region.prices
        lines = [
            {"product": product, "qty": self._random.randint(1, 2), "unit_price_minor": int(price * prices)}
            for product, price in chosen
        ]
        deal = account.won_deals[-1] if account.won_deals and self._random.random() < 0.15 else None
        rep = account.rep if deal is not None or self._random.random() < 0.85 else None
        data = {"order": f"O-{self.new_name()}", "rep": rep, "deal": deal, "lines": lines}
        return self.event(
            "order.placed", account, time_ms, data | {"currency": self._currency(account), "channel": "shop"}, "shop"
        )

    def _refund(self, account: Account, time_ms: int) -> DemoEvent:
        order, total = account.orders[-1]
        amount = total if self._random.random() < 0.5 else total // 3
        return self.event("order.refunded", account, time_ms, {"order": order, "amount_minor": amount}, "shop")

    def _answer(self, account: Account, time_ms: int) -> DemoEvent:
        score = self._random.choice(NPS_SCORES)
        data = {"survey": f"S-{self.new_name()}", "kind": "nps", "score": score, "scale": {"min": 0, "max": 10}}
        return self.event("survey.answered", account, time_ms, data | {"rep": account.rep})

    def _onboard(self, account: Account, time_ms: int) -> DemoEvent:
        data = {"deal": account.won_deals[-1], "rep": account.rep, "mrr_minor": 4_900, "currency": "EUR"}
        return self.event("customer.onboarded", account, time_ms, data)

    def _churn(self, account: Account, time_ms: int) -> DemoEvent:
        return self.event("customer.churned", account, time_ms, {"reason": "price"})

    def _currency(self, account: Account) -> str:
        return self._reps[account.rep].region.currency
