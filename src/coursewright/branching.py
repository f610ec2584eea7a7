"""What a round builds upon, and what rounds of a search with several branches need beside.

The decisions of a hill climb have no `branch`: its rounds build upon the best, and all else here
leaves them alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from coursewright.errors import StageFailed
from coursewright.records import (
    OWN_METHOD,
    Audit,
    Branch,
    Decision,
    Guidance,
    Joined,
    Labels,
    Novelty,
    Proposal,
    Round,
    Shard,
)
from coursewright.search import trained_start
from coursewright.similarity import normalised, program_likeness
from coursewright.stages import Stages

PROGRAM = '''"""Round {number}: rows of earlier rounds, put together by the search."""

from coursewright_program import load_previous, save_rows

save_rows(load_previous())
'''


def guidance_of(decision: Decision) -> Guidance | None:
    """Return what the agent is told of a branch."""
    branch = decision.branch
    if branch is None:
        return None
    return Guidance(
        method=branch.method,
        family=branch.family,
        mates=branch.mates,
        widen=branch.widen,
        credit=branch.credit,
    )


def dataset(done: Round | None) -> str | None:
    """The rows a round left for later rounds to build on: audited, else at least collected."""
    if done is None:
        return None
    if done.audit is not None and done.audit.rows is not None:
        return done.audit.untouched or done.audit.rows
    return None if done.collection is None else done.collection.rows


def needs_agent(decision: Decision) -> bool:
    """Whether a program has to be asked for: rows of earlier rounds are put together without."""
    return decision.operation not in ("merge", "ablate")


def composed(number: int, decision: Decision) -> Proposal:
    """Return plan and program of a round that no agent is asked for."""
    branch = decision.branch or Branch()
    if decision.operation == "merge":
        lines = ["# Plan: merge", "", "Rows of earlier rounds, each topic's from one of them:", ""]
        lines += [f"- {part.topic or 'all else'}: round {part.round}" for part in branch.parts]
    else:
        left_out = branch.without
        assert left_out is not None
        of = f"{left_out.rows} rows of topic {left_out.topic}" if left_out.topic else "rows"
        lines = [
            "# Plan: ablate",
            "",
            f"The rows of round {decision.parent} without {of} that the method "
            f"{left_out.method} made in round {left_out.round}: to see what they are worth.",
        ]
    return Proposal(plan="\n".join(lines) + "\n", code=PROGRAM.format(number=number))


def material(
    stages: Stages, number: int, decision: Decision, rounds: Sequence[Round]
) -> dict[str, str | None]:
    """Return digests of the rows that a program finds, by name in its data folder.

    Raises:
        StageFailed: a merge or an ablation leaves no rows.
    """
    branch = decision.branch or Branch()
    start = stages.search.best(rounds) if branch.start is None else rounds[branch.start]
    previous = None if decision.parent is None else dataset(rounds[decision.parent])
    if not needs_agent(decision):
        previous = _joined(stages, number, decision, rounds)
    return {"previous.jsonl": previous, "best.jsonl": dataset(start)}


def _joined(stages: Stages, number: int, decision: Decision, rounds: Sequence[Round]) -> str:
    """Put rows of earlier rounds together; they keep the responses that they name."""
    branch, shards = decision.branch, stages.shards
    assert branch is not None
    assert shards is not None
    inputs = {"round": number, **branch.model_dump(include={"parts", "without", "start"})}
    if decision.operation == "merge":
        sources = {part.round: dataset(rounds[part.round]) for part in branch.parts}
        found = {source: digest for source, digest in sources.items() if digest is not None}
        inputs["rows"] = sorted(found.items())
        joined = stages.journal.stage(
            "join", inputs, lambda: shards.join(branch.parts, found), Joined
        )
    else:
        parent, left_out = decision.parent, branch.without
        rows = None if parent is None else dataset(rounds[parent])
        assert rows is not None
        assert left_out is not None
        earlier = made(rounds)
        inputs["rows"] = rows
        joined = stages.journal.stage(
            "join", inputs, lambda: shards.without(left_out, rows, earlier), Joined
        )
    if not joined.kept:
        raise StageFailed("no rows are left", kind="too few valid rows", stage="join")
    return joined.rows


def refuse_repetition(
    stages: Stages, number: int, decision: Decision, proposal: Proposal, rounds: Sequence[Round]
) -> None:
    """End a round before its program runs if that repeats an earlier one from the same rows.

    Raises:
        StageFailed: it does; says which, and what to do.
    """
    branch = decision.branch
    if branch is None or branch.alike is None:
        return
    alike = branch.alike
    inputs = {"round": number, "code": proposal.code, "plan": proposal.plan, "alike": alike}
    found = stages.journal.stage(
        "novelty",
        inputs,
        lambda: Novelty(repeats=repeated(proposal, decision, rounds, alike)),
        Novelty,
    )
    if found.repeats is None:
        return
    raise StageFailed(
        f"This program is nearly that of round {found.repeats}: it was not run. Change what is "
        "asked of the teacher, or how rows are chosen; other names, comments or numbers a few "
        "percent off make no other data.",
        kind="duplicate",
        stage="propose",
    )


def repeated(
    proposal: Proposal, decision: Decision, rounds: Sequence[Round], alike: float
) -> int | None:
    """Return the round whose program, run on the same rows, this one repeats; None if it is new.

    A program is repeated from `alike` on (`similarity.program_likeness`), a plan where it is the
    same word for word; a mend keeps its plan, and is judged by its program alone.
    """
    start = decision.branch.start if decision.branch is not None else None
    plan = "" if decision.operation in ("debug", "repair") else normalised(proposal.plan)
    for done in rounds:
        ran = done.execution is not None and done.branch is not None
        if not ran or done.branch is None or done.branch.start != start:
            continue
        if plan and plan == normalised(done.proposal.plan):
            return done.number
        if program_likeness(proposal.code, done.proposal.code) >= alike:
            return done.number
    return None


def label(
    stages: Stages, number: int, decision: Decision, audited: Audit, rounds: Sequence[Round]
) -> tuple[Shard, ...]:
    """Return the shards of what passed the audit, where the search asks for them."""
    rows, shards = audited.untouched or audited.rows, stages.shards
    if decision.branch is None or rows is None or shards is None:
        return ()
    method, earlier = decision.branch.method or OWN_METHOD, made(rounds)
    inputs = {"round": number, "rows": rows, "method": method, "earlier": earlier}
    return stages.journal.stage(
        "label", inputs, lambda: shards.label(rows, (number, method), earlier), Labels
    ).shards


def last_trained(decision: Decision, rounds: Sequence[Round]) -> Round | None:
    """Return the round that the rows of one that gathers go back to: its agent hears of that one's
    student. None for a round that is to be trained itself."""
    branch = decision.branch
    return trained_start(branch.start, rounds) if branch is not None and branch.gathers else None


def made(
    rounds: Sequence[Round], rows_of: Callable[[Round], str | None] = dataset
) -> list[tuple[int, str, str]]:
    """Number, method and rows (a digest) of every round that left audited rows, in order.

    By default its rows are those that later rounds build on.
    """
    found = []
    for done in rounds:
        if done.audit is not None and (rows := rows_of(done)) is not None:
            method = done.branch.method if done.branch is not None else ""
            found.append((done.number, method or OWN_METHOD, rows))
    return found
