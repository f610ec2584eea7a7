"""A search that keeps several branches: drafts of different kinds, a bandit, merges, ablations.

Rules in order; the first that applies decides:

    go on        rows were gathered and wait for their training: mend, gather further, or train them
    give up      no new best for `patience` rounds, and it has widened since
    widen        no new best for `widen_after` of them: the best by another family, with ideas
    mend         a program of the last wave failed: debug or repair it, `mend_limit` times in a row
    draft        fewer than `drafts` so far: another family of the method library
    ablate       a new best, and the budget of ablations lasts: the same rows without one shard
    choose       Thompson sampling over "improve on this round" and "merge the topics' winners"

All of it is a pure function of the recorded rounds and the run's seed. Rounds that are `under way`
stand at the end of the history: decided in this wave already, their outcome unknown. What was
decided there is not decided again.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence

from coursewright.records import Branch, Credit, Decision, Evaluation, Part, Round, Shard
from coursewright.search.bandit import pick
from coursewright.search.credit import credits_of
from coursewright.search.picking import best_round, first_of_wave
from coursewright.search.strides import gathered_before, waiting
from coursewright.seeding import derive

MENDS = ("debug", "repair")
MENDABLE = ("draft", "improve", *MENDS)


class TreeSearch:
    """Meets `protocols.Search`."""

    def __init__(
        self,
        *,
        seed: int = 0,
        families: Mapping[str, Sequence[str]] | None = None,
        drafts: int = 1,
        mend_limit: int = 3,
        widen_after: int = 3,
        patience: int | None = 8,
        alike: float = 0.9,
        ablations: int = 0,
        stride: int = 1,
        budget: int | None = None,
        tell_credit: bool = True,
    ) -> None:
        """Take the options of `config.TreeSearch`.

        `families` are the methods that a draft can follow, by family; the first draft is the
        agent's own. `budget` is how many rounds there will be, if that is known: the last one is
        to be trained. `tell_credit` is off where agents hear less than full feedback.
        """
        self._seed = seed
        self._families = {name: tuple(methods) for name, methods in (families or {}).items()}
        self._drafts = drafts
        self._mend_limit = mend_limit
        self._widen_after = widen_after
        self._patience = patience
        self._alike = alike
        self._ablations = ablations
        self._stride = stride
        self._budget = budget
        self._tell_credit = tell_credit

    def next(self, rounds: Sequence[Round], base: Evaluation) -> Decision | None:
        """Return the next operation and the round it works on; None to stop."""
        rules = [self._widen, self._mend, self._draft, self._ablate, self._choose]
        if waiting(rounds) is not None:
            rules = [self._mend, self._go_on] if self._left(rounds) > 0 else [self._go_on]
        elif self._gives_up(rounds):
            return None
        for rule in rules:
            decision = rule(rounds)
            if decision is not None:
                return in_wave(decision, rounds)
        return None

    def best(self, rounds: Sequence[Round]) -> Round | None:
        """Return the round whose data set is delivered."""
        return best_round(rounds)

    # ------------------------------------------------------------ the rules

    def _go_on(self, rounds: Sequence[Round]) -> Decision | None:
        head = waiting(rounds)
        assert head is not None
        was = head.branch or Branch()
        if rounds[-1].number == head.number:
            reason = f"{1 + len(gathered_before(was.start, rounds))} rounds gathered so far"
            return self._improve(rounds, head.number, was.method, was.family, reason)
        # Its agent could not go on; what it had gathered before is not to be lost.
        reason = f"nothing usable follows round {head.number}: trained as it is"
        parts = (Part(topic=None, round=head.number),)
        branch = Branch(start=head.number, parts=parts, reason=reason)
        return Decision(operation="merge", parent=head.number, branch=branch)

    def _gives_up(self, rounds: Sequence[Round]) -> bool:
        # A quota of many drafts may use up the patience: even so it widens first.
        return (
            self._patience is not None and stalled(rounds) >= self._patience and widened(rounds) > 0
        )

    def _widen(self, rounds: Sequence[Round]) -> Decision | None:
        best = best_round(rounds)
        due = self._widen_after * (1 + widened(rounds))
        if best is None or drafts_in(rounds) < self._drafts or stalled(rounds) < due:
            return None
        # Upon the best: a draft would begin again far below it.
        family, method = self._least_used(rounds)
        reason = f"no new best in {stalled(rounds)} rounds"
        return self._improve(rounds, best.number, method, family, reason, widen=True)

    def _mend(self, rounds: Sequence[Round]) -> Decision | None:
        in_hand = {done.parent for done in under_way(rounds) if done.operation in MENDS}
        for done in last_wave(rounds):
            if done.number in in_hand or not mendable(done):
                continue
            if mends_before(done, rounds) < self._mend_limit:
                was = done.branch or Branch()
                branch = Branch(
                    method=was.method,
                    family=was.family,
                    start=was.start,
                    gathers=was.gathers and self._gathers(rounds, was.start),
                    alike=self._alike,
                )
                return Decision(
                    operation="repair" if done.status == "invalid" else "debug",
                    parent=done.number,
                    branch=branch,
                )
        return None

    def _draft(self, rounds: Sequence[Round]) -> Decision | None:
        made = drafts_in(rounds)
        if made >= self._drafts and best_round(rounds) is not None:
            return None
        return self._new_draft(rounds, widen=False, reason=f"draft {made + 1} of {self._drafts}")

    def _ablate(self, rounds: Sequence[Round]) -> Decision | None:
        best = best_round(rounds)
        ablations = [done for done in rounds if done.operation == "ablate"]
        spent = len(ablations)
        if best is None or best not in last_wave(rounds) or spent >= self._ablations:
            return None
        if any(done.parent == best.number for done in ablations):
            return None
        shard = doubtful(best, credits_of(best, rounds))
        if shard is None or best.operation == "ablate":
            return None
        reason = f"ablation {spent + 1} of {self._ablations}"
        branch = Branch(start=best.number, without=shard, reason=reason)
        return Decision(operation="ablate", parent=best.number, branch=branch)

    def _choose(self, rounds: Sequence[Round]) -> Decision | None:
        rng = random.Random(derive(self._seed, "tree", len(rounds)))
        found = pick(rounds, rng, self._stride)
        if found is None:
            return self._new_draft(rounds, widen=True, reason="every branch repeats itself")
        if found.merge is not None:
            branch = Branch(
                start=found.number,
                parts=found.merge.parts,
                promise=found.merge.promise.mean,
                reason=found.reason,
            )
            return Decision(operation="merge", parent=found.number, branch=branch)
        was = rounds[found.number].branch or Branch()
        return self._improve(rounds, found.number, was.method, was.family, found.reason)

    def _improve(
        self,
        rounds: Sequence[Round],
        number: int,
        method: str,
        family: str,
        reason: str,
        *,
        widen: bool = False,
    ) -> Decision:
        mates = [done for done in under_way(rounds) if done.operation == "improve"]
        branch = Branch(
            method=method,
            family=family,
            widen=widen,
            start=number,
            gathers=self._gathers(rounds, number),
            # The same agent, told the same of the same rows, would say the same.
            mates=sum(done.parent == number for done in mates),
            alike=self._alike,
            credit=credits_of(rounds[number], rounds) if self._tell_credit else (),
            reason=reason,
        )
        return Decision(operation="improve", parent=number, branch=branch)

    def _gathers(self, rounds: Sequence[Round], start: int | None) -> bool:
        """Whether the rows of a round that builds upon another one are to wait for more."""
        made = len(gathered_before(start, rounds))
        return made + 1 < self._stride and self._left(rounds) > 1

    def _left(self, rounds: Sequence[Round]) -> float:
        """How many rounds there will be, as far as that is known."""
        return math.inf if self._budget is None else self._budget - tried_in(rounds)

    # ------------------------------------------------------------ drafts by quota

    def _new_draft(self, rounds: Sequence[Round], *, widen: bool, reason: str) -> Decision:
        family, method = self._least_used(rounds)
        branch = Branch(method=method, family=family, widen=widen, alike=self._alike, reason=reason)
        return Decision(operation="draft", branch=branch)

    def _least_used(self, rounds: Sequence[Round]) -> tuple[str, str]:
        """The family, and of it the method, that was wanted least; the agent's own goes first."""
        wanted = [
            done.branch
            for done in rounds
            if done.branch is not None and (done.operation == "draft" or done.branch.widen)
        ]
        families = Counter(branch.family for branch in wanted)
        methods = Counter(branch.method for branch in wanted)
        order = random.Random(derive(self._seed, "families"))
        names = sorted(self._families)
        order.shuffle(names)
        family = min(["", *names], key=lambda name: families[name])
        known = sorted(self._families.get(family, ("",)))
        order.shuffle(known)
        return family, min(known, key=lambda name: methods[name])


# ---------------------------------------------------------------- what the history says


def stalled(rounds: Sequence[Round]) -> int:
    """Return how many rounds followed the best one; ablations do not try to be better, and what was
    gathered or held back never had the chance.

    0 where no round is scored yet: then there is a fault to mend, and no plateau.
    """
    best = best_round(rounds)
    since = rounds[best.number + 1 :] if best is not None else ()
    open_ones = ("under way", "gathered", "held back")
    return sum(1 for done in since if done.operation != "ablate" and done.status not in open_ones)


def tried_in(rounds: Sequence[Round]) -> int:
    """Return how many rounds of the budget are used up: ablations have one of their own."""
    return sum(1 for done in rounds if done.operation != "ablate")


def widened(rounds: Sequence[Round]) -> int:
    """Return how often the search widened since the best round."""
    best = best_round(rounds)
    since = rounds[best.number + 1 :] if best is not None else ()
    return sum(1 for done in since if done.branch is not None and done.branch.widen)


def under_way(rounds: Sequence[Round]) -> list[Round]:
    """Return the rounds that were decided in this wave already."""
    return [done for done in rounds if done.status == "under way"]


def last_wave(rounds: Sequence[Round]) -> Sequence[Round]:
    """Return the rounds that were decided together last, of those whose outcome is known."""
    known = rounds[: len(rounds) - len(under_way(rounds))]
    return known[first_of_wave(known[-1]) :] if known else ()


def in_wave(decision: Decision, rounds: Sequence[Round]) -> Decision:
    """Return the decision with the number of its wave's first round, if that is another one."""
    mates = under_way(rounds)
    if not mates or decision.branch is None:
        return decision
    branch = decision.branch.model_copy(update={"wave": mates[0].number})
    return decision.model_copy(update={"branch": branch})


def mends_before(done: Round, rounds: Sequence[Round]) -> int:
    """Return how many mends in a row led to this failed round, itself included if it is one."""
    count = 0
    while done.operation in MENDS and done.failure is not None and done.parent is not None:
        count, done = count + 1, rounds[done.parent]
    return count


def drafts_in(rounds: Sequence[Round]) -> int:
    """Return how many drafts were asked for."""
    return sum(1 for done in rounds if done.operation == "draft")


def mendable(done: Round) -> bool:
    """Whether a round failed in a way that its agent can mend."""
    broken = done.status in ("invalid", "failed") and done.failure != "duplicate"
    return broken and done.operation in MENDABLE


def doubtful(done: Round, told: Sequence[Credit]) -> Shard | None:
    """Return the shard whose worth is to be measured: what visible items credit most, else the
    largest; never more than half of the rows, for the rest has to make a data set."""
    total = sum(shard.rows for shard in done.shards)
    small = [shard for shard in done.shards if 0 < 2 * shard.rows <= total]
    credited = [credit for credit in told if credit.shard in small]
    if credited:
        return max(credited, key=lambda credit: credit.points).shard
    return max(small, key=lambda shard: shard.rows, default=None)
