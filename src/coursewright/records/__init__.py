"""What one stage hands to the next: frozen records without behaviour.

Big things (rows, weights, logs) are not inside: a record names them by the SHA-256 digest
under which the store keeps them. Scores are fractions, times seconds, sizes bytes.

    task       the exam, the shape of a row, a loaded task folder
    dialogue   what an agent is told, what it answers, what it may remember
    stages     what the stages of a round measured
    result     what the user gets in the end
"""

from coursewright.records.base import (
    BriefLevel,
    Failure,
    FeedbackKind,
    Mode,
    Operation,
    Record,
    Setting,
    Split,
    Verdict,
)
from coursewright.records.dialogue import (
    Allowance,
    Attempt,
    BadCase,
    Brief,
    Decision,
    Feedback,
    Isolation,
    Proposal,
    Step,
    TopicScore,
    Turn,
    Usage,
)
from coursewright.records.result import (
    FinalScores,
    Result,
    RoundSummary,
    Scores,
)
from coursewright.records.stages import (
    Answered,
    Audit,
    Check,
    Collection,
    Errand,
    Evaluation,
    Execution,
    ExecutionStatus,
    Outcome,
    PrivateOpening,
    Round,
    TracedRow,
    Training,
    TrainingSetup,
)
from coursewright.records.task import (
    CorpusSummary,
    Generation,
    Item,
    Passage,
    Problem,
    Row,
    RowLimits,
    Seed,
    SplitSize,
    Task,
)

__all__ = [
    "Allowance",
    "Answered",
    "Attempt",
    "Audit",
    "BadCase",
    "Brief",
    "BriefLevel",
    "Check",
    "Collection",
    "CorpusSummary",
    "Decision",
    "Errand",
    "Evaluation",
    "Execution",
    "ExecutionStatus",
    "Failure",
    "Feedback",
    "FeedbackKind",
    "FinalScores",
    "Generation",
    "Isolation",
    "Item",
    "Mode",
    "Operation",
    "Outcome",
    "Passage",
    "PrivateOpening",
    "Problem",
    "Proposal",
    "Record",
    "Result",
    "Round",
    "RoundSummary",
    "Row",
    "RowLimits",
    "Scores",
    "Seed",
    "Setting",
    "Split",
    "SplitSize",
    "Step",
    "Task",
    "TopicScore",
    "TracedRow",
    "Training",
    "TrainingSetup",
    "Turn",
    "Usage",
    "Verdict",
]
