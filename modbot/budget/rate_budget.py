"""The one object that all calls with a credential ask first.

A credential is whatever the vendor counts by: an app, a Google project, a token. Pages that share
it share this object. Within it a `scope` is a part with limits of its own (one Page's token of an
app) and a `lane` a kind of call with limits of its own (X counts look-ups and hides apart).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from modbot.budget.allowance import Allowance, Counter, Receipt
from modbot.budget.foresight import Foresight
from modbot.budget.gauge import Block, Gauge
from modbot.budget.ledger import Ledger, MemoryLedger
from modbot.budget.once import ChargedToday
from modbot.errors import PlatformError, QuotaSpent, RateLimited, WritesBlocked

EVERY_LANE = ""
READS, WRITES = "reads", "writes"
POLLS_END_AT = 0.95  # of a sliding window that the vendor shows as a share: the rest is for hides
LOOK_AGAIN = timedelta(minutes=5)  # whether such a window has emptied, which only a call can tell
GAUGES_KEPT_EVERY = timedelta(seconds=10)
TOP_UP_SECONDS = 15 * 60.0  # between two looks whether paid credits were topped up
OWN_REFUSAL = "budget"  # the code of errors that no vendor sent: nothing is to be learnt from them
SHOWN = ("name", "what", "limit", "reserve", "reserve_at_end", "zone", "monthly", "scale")
Place = tuple[str, str]  # scope and lane


class RateBudget:
    """What is left of one credential; safe to share between threads.

    Every call is admitted first (`admit`), with what it may cost at most; what it did not cost is
    given back (`settle`). What the vendor answers is learnt (`learn`, `note`). Time is `now()`
    alone: that of `Connection.now`. Counts, waits and what the vendor last said are in the ledger.
    """

    def __init__(
        self,
        key: str,
        *,
        platform: str,
        now: Callable[[], datetime],
        ledger: Ledger | None = None,
        allowances: Sequence[Allowance] = (),
    ):
        self.key = key
        self.platform = platform
        self.calls = 0  # that were let through, by this process
        self.refused = 0  # that were not
        self.charged_today = ChargedToday(now)  # where a vendor charges things once a day
        self._now = now
        self._ledger = ledger or MemoryLedger()
        self._lock = threading.RLock()
        self._counters: dict[str, Counter] = {}
        self.allow(allowances)
        self._blocks: dict[Place, Block] = {}
        self._gauges: dict[Place, Gauge] = {}
        self._foresight = Foresight()
        self._read(self._ledger.standing(key))
        self._moved = False  # some gauge, since the standing was kept
        self._kept_at: datetime | None = None
        self._kept_limits: object = None

    def allow(self, allowances: Sequence[Allowance]) -> None:
        """Sets the limits in force; counts go on under them."""
        with self._lock:
            for one in allowances:
                if counter := self._counters.get(one.name):
                    counter.allowance = one
                else:
                    self._counters[one.name] = Counter(self.key, one, self._ledger)

    def before_poll(self, scope: str = "", *, needs: Mapping[str, int] | None = None) -> None:
        """Raises RateLimited with `reads_only` when what is left is for hides and the look-ups
        before them, and for every call when nothing is left. `needs`: what the poll costs at
        least; allowances that it does not name are not asked."""
        with self._lock:
            now = self._now()
            for counter in self._charged(needs):
                allowed, left = counter.allowance, counter.left(now)
                least = (needs or {}).get(allowed.what, 0)
                if least and left < allowed.kept(now) + least:
                    self.refused += 1
                    raise self._refusal(allowed, now, reads_only=left > 0)
                self._foresight.poll(allowed, now)
            for place in _places(scope, READS):
                gauge = self._gauges.get(place)
                if gauge is None or gauge.resets_at is not None or _stops(gauge, now) is None:
                    continue
                wait = gauge.at + LOOK_AGAIN
                if gauge.at <= now < wait:  # told later than now: the clock was set back
                    self.refused += 1
                    raise RateLimited(
                        f"{gauge.used:.0%} of the rate limit is spent; the rest is for hides",
                        retry_after_seconds=(wait - now).total_seconds(),
                        reads_only=True,
                        code=OWN_REFUSAL,
                    )

    def admit(
        self, lane: str = READS, scope: str = "", costs: Mapping[str, int] | None = None
    ) -> Receipt:
        """Lets one call through and charges it. Raises RateLimited, QuotaSpent; the call must then
        not be made."""
        with self._lock:
            now = self._now()
            self._refuse_blocked(lane, scope, now)
            for counter in self._charged(costs):
                if (costs or {})[counter.allowance.what] > counter.left(now):
                    self.refused += 1
                    raise self._refusal(counter.allowance, now, reads_only=False)
            charged = {
                counter.charge(amount, now): amount
                for counter in self._charged(costs)
                if (amount := (costs or {})[counter.allowance.what])
            }
            for counter in self._charged(costs):
                amount = (costs or {})[counter.allowance.what]
                if lane == WRITES:
                    self._foresight.hide(counter.allowance, amount, now)
                else:
                    self._foresight.read(counter.allowance, amount)
            self.calls += 1
            return Receipt(charged=charged)

    def settle(self, receipt: Receipt, costs: Mapping[str, int]) -> None:
        """What a call has cost after all; the rest of its charge is given back."""
        with self._lock:
            now = self._now()
            for (name, period), amount in receipt.charged.items():
                counter = self._counters[name]
                back = amount - costs.get(counter.allowance.what, amount)
                if back > 0:
                    counter.give_back(back, period, now)

    def learn(self, gauge: Gauge, lane: str = EVERY_LANE, scope: str = "") -> None:
        """What the vendor said of a limit with its last answer."""
        with self._lock:
            known, now = self._gauges.get((scope, lane)), self._now()
            self._moved |= known is None or round(known.used * 20) != round(gauge.used * 20)
            stop = _stops(gauge, now)
            if stop is not None and (known is None or stop != _stops(known, now)):
                self._kept_limits = None
            self._gauges[scope, lane] = gauge

    def block(
        self,
        until: datetime,
        why: str,
        *,
        lane: str = EVERY_LANE,
        scope: str = "",
        paid: bool = False,
    ) -> None:
        """No such call before `until`. A shorter wait never ends a longer one; durable at once."""
        with self._lock:
            known, now = self._blocks.get((scope, lane)), self._now()
            if known is None or known.until < until or not known.holds(now):
                self._blocks[scope, lane] = Block(until=until, why=why[:200], at=now, paid=paid)
                self._kept_limits = None
                self.keep()

    def note(self, error: PlatformError, lane: str = READS, scope: str = "") -> None:
        """What a failed call says of the next ones: how long to wait, and with what."""
        now, why = self._now(), f"{type(error).__name__}: {error}"
        if error.code == OWN_REFUSAL:
            return
        if isinstance(error, RateLimited):
            until = now + timedelta(seconds=error.retry_after_seconds)
            self.block(until, why, lane=EVERY_LANE if error.every_call else lane, scope=scope)
        elif isinstance(error, WritesBlocked):
            until = now + timedelta(seconds=error.retry_after_seconds)
            self.block(until, why, lane=WRITES, scope=scope)
        elif isinstance(error, QuotaSpent):
            until = now + timedelta(seconds=TOP_UP_SECONDS)
            self.block(until, why, scope=scope, paid=True)

    def exhaust(self, what: str, code: str = "") -> RateLimited:
        """The vendor says that an allowance is spent. Gives the error to raise."""
        with self._lock:
            now = self._now()
            for counter in self._counters.values():
                if counter.allowance.what == what:
                    counter.charge(counter.left(now), now)
                    error = self._refusal(counter.allowance, now, reads_only=False, code=code)
                    assert isinstance(error, RateLimited)
                    return error
        raise KeyError(what)

    def left(self, what: str, *, for_reads: bool = False) -> int:
        """Of an allowance, in its smallest unit; for reads without what is kept for hides."""
        with self._lock:
            now = self._now()
            found = [
                counter.left(now) - (counter.allowance.kept(now) if for_reads else 0)
                for counter in self._counters.values()
                if counter.allowance.what == what
            ]
            return max(0, min(found))

    def spent(self, name: str) -> int:
        """Of the allowance of that name, in its running period."""
        with self._lock:
            return self._counters[name].spent(self._now())

    def share_spent(self, name: str) -> float:
        """Of the allowance of that name, 0 to 1."""
        with self._lock:
            counter = self._counters[name]
            return min(1.0, counter.spent(self._now()) / max(1, counter.allowance.limit))

    def waits_until(self, lane: str = READS, scope: str = "") -> datetime | None:
        """Before when no call of a kind is let through. None: now."""
        with self._lock:
            found = self._longest(lane, scope, self._now())
            return found and found[0].until

    def slowed(
        self, seconds: float, intervals: Sequence[float], scope: str = "", lane: str = READS
    ) -> float:
        """The interval of a page that would be polled every `seconds`, when it shares the budget
        with pages that would be polled at `intervals`, its own among them: longer for all alike, so
        that what is left lasts until it begins anew; but then the page is polled in any case.
        `lane`: the kind of call that a quiet poll makes."""
        with self._lock:
            now = self._now()
            polls = sum(1 / max(1.0, one) for one in intervals)  # a second
            slowed = [seconds]
            for counter in self._counters.values():
                allowed = counter.allowance
                if not allowed.poll_cost:
                    continue
                polls_left = self._foresight.polls_left(allowed, counter.left(now), now)
                rest = (allowed.ends_at(now) - now).total_seconds()
                factor = polls * rest / polls_left
                slowed.append(min(seconds * factor, seconds + rest))
            for of, kind in _places(scope, lane):
                gauge = self._gauges.get((of, kind))
                if gauge is not None and gauge.holds(now):
                    own = polls if of == "" else polls / max(1, len(intervals))
                    slowed.append(_by_gauge(gauge, seconds, own, now))
            return max(slowed)

    def keep(self) -> None:
        """Makes what is known outlive the process; writes only when it has changed enough: a wait,
        a limit, a whole cent or some units; a gauge by a step of 5 %, and then not at every poll of
        a thousand pages, since the vendor tells it anew with each answer. Where it lets no further
        call through no answer follows, and it is written."""
        with self._lock:
            limits, now = self._limits(), self._now()
            at = self._kept_at
            rests = at is not None and at <= now < at + GAUGES_KEPT_EVERY
            if limits != self._kept_limits or (self._moved and not rests):
                self._ledger.keep(self.key, self.standing())
                self._moved, self._kept_limits, self._kept_at = False, limits, now

    def close(self) -> None:
        """Keeps all, and gives back what was taken ahead."""
        with self._lock:
            for counter in self._counters.values():
                counter.close(self._now())
            self._kept_limits = None
            self.keep()

    def standing(self) -> dict[str, Any]:
        """All but the counts, as plain JSON; modbot.budget.report reads it."""
        with self._lock:
            now = self._now()
            allowances = [
                {name: getattr(c.allowance, name) for name in SHOWN}
                | {"spent": c.spent(now), "period": c.allowance.period(now)}
                for c in self._counters.values()
            ]
            return {
                "platform": self.platform,
                "allowances": allowances,
                "hides": self._foresight.plain(),
                "gauges": [
                    {"scope": s, "lane": lane, **g.plain()}
                    for (s, lane), g in self._gauges.items()
                    if g.holds(now)
                ],
                # Over or not: while the clock is set forward all of them seem to be.
                "blocks": [
                    {"scope": s, "lane": lane, **b.plain()} for (s, lane), b in self._blocks.items()
                ],
            }

    @contextmanager
    def noting(self, lane: str = READS, scope: str = "") -> Iterator[None]:
        """note() of whatever the block raises."""
        try:
            yield
        except PlatformError as error:
            self.note(error, lane, scope)
            raise

    def _read(self, standing: Mapping[str, Any]) -> None:
        self._foresight.take_over(standing.get("hides", {}))
        for plain in standing.get("gauges", ()):
            self._gauges[plain["scope"], plain["lane"]] = Gauge.read(plain)
        for plain in standing.get("blocks", ()):
            self._blocks[plain["scope"], plain["lane"]] = Block.read(plain)

    def _limits(self) -> object:
        """What of the counts is worth a write."""
        now = self._now()
        return sorted(
            (a.name, a.limit, a.period(now), c.spent(now) // (a.scale if a.money else a.step))
            for c in self._counters.values()
            for a in (c.allowance,)
        )

    def _charged(self, costs: Mapping[str, int] | None) -> list[Counter]:
        return [c for c in self._counters.values() if c.allowance.what in (costs or {})]

    def _longest(self, lane: str, scope: str, now: datetime) -> tuple[Block, str] | None:
        """The wait that lasts longest for such a call, and the lane that it is of."""
        found = [(self._blocks[p], p[1]) for p in _places(scope, lane) if p in self._blocks]
        for place in _places(scope, lane):
            gauge = self._gauges.get(place)
            if gauge and gauge.resets_at and _stops(gauge, now) is not None:
                why = "the rate limit is spent"
                spent = Block(until=gauge.resets_at, why=why, at=gauge.at)
                found.append((spent, place[1]))
        running = [one for one in found if one[0].holds(now)]
        return max(running, key=lambda one: one[0].until, default=None)

    def _refuse_blocked(self, lane: str, scope: str, now: datetime) -> None:
        found = self._longest(lane, scope, now)
        if found is None:
            return
        self.refused += 1
        block, of = found
        said = f"{self.platform} is not called before {block.until:%Y-%m-%d %H:%M:%S} UTC"
        text = f"{said}: {block.why}"
        if block.paid:
            raise QuotaSpent(text, code=OWN_REFUSAL)
        raise RateLimited(
            text,
            retry_after_seconds=max(1.0, (block.until - now).total_seconds()),
            every_call=of == EVERY_LANE,
            reads_only=of != EVERY_LANE and lane != WRITES,
            code=OWN_REFUSAL,
        )

    def _refusal(
        self, allowed: Allowance, now: datetime, *, reads_only: bool, code: str = OWN_REFUSAL
    ) -> PlatformError:
        limit = allowed.limit / allowed.scale
        what = "spent but for those kept for hides" if reads_only else "spent, hides wait too"
        end = f"{allowed.ends_at(now):%Y-%m-%d %H:%M} UTC"
        said = f"{self.platform}: the {limit:,.10g} {allowed.name} are {what}, until {end}."
        text = f"{said} {allowed.advice}".strip()
        if allowed.money and not reads_only:
            return QuotaSpent(text, code=code)
        return RateLimited(
            text,
            retry_after_seconds=max(1.0, (allowed.ends_at(now) - now).total_seconds()),
            every_call=not reads_only,
            reads_only=reads_only,
            spent=True,
            code=code,
        )


def _places(scope: str, lane: str) -> list[Place]:
    """Where limits on such a call may stand."""
    return list(dict.fromkeys((s, la) for s in ("", scope) for la in (EVERY_LANE, lane)))


def _stops(gauge: Gauge, now: datetime) -> datetime | bool | None:
    """What it ends: calls before a time, or (True) polls for a while. None: nothing."""
    if gauge.resets_at is None:
        return True if gauge.used >= POLLS_END_AT else None
    spent = gauge.left is not None and gauge.left <= 0 and gauge.holds(now)
    return gauge.resets_at if spent else None


def _by_gauge(gauge: Gauge, seconds: float, polls: float, now: datetime) -> float:
    """The interval so that the calls left last, or up to six times as long as a share runs out."""
    if gauge.left is not None and gauge.resets_at is not None:
        rest = (gauge.resets_at - now).total_seconds()
        return min(seconds * polls * rest / max(1.0, 0.8 * gauge.left), seconds + rest)
    return seconds * (1 + 10 * max(0.0, gauge.used - 0.5))
