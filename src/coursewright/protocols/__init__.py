"""One small Protocol per stage.

Read `loop.py` for how they meet, `stages.py` for all of them together. An implementation is any
class that fits its Protocol; a run names it by a short name or by a dotted path
(`package.module:Class`).

    making     what makes a data set: agent, teacher, sandbox, intake, audit
    learning   what learns from it and is examined: student, exams, scorer, feedback
    going_on   what decides how a run goes on, and remembers it: search, people, journal, archive
"""

from coursewright.protocols.going_on import (
    Archive,
    Halving,
    Ideas,
    Journal,
    People,
    Progress,
    Search,
    Shards,
)
from coursewright.protocols.learning import (
    Evaluator,
    Examinee,
    FeedbackWriter,
    NoiseMeter,
    Openings,
    ProbeSitter,
    Scorer,
    Slots,
    Student,
)
from coursewright.protocols.making import (
    Agent,
    Auditor,
    Completion,
    Embedder,
    Intake,
    Jail,
    OwnRows,
    Sandbox,
    Teacher,
    TeacherLine,
    Upstream,
)

__all__ = [
    "Agent",
    "Archive",
    "Auditor",
    "Completion",
    "Embedder",
    "Evaluator",
    "Examinee",
    "FeedbackWriter",
    "Halving",
    "Ideas",
    "Intake",
    "Jail",
    "Journal",
    "NoiseMeter",
    "Openings",
    "OwnRows",
    "People",
    "ProbeSitter",
    "Progress",
    "Sandbox",
    "Scorer",
    "Search",
    "Shards",
    "Slots",
    "Student",
    "Teacher",
    "TeacherLine",
    "Upstream",
]
