"""The configuration of a run: one tagged union per exchangeable part.

A field's documentation stands under the field. Start reading at `run`.
"""

from coursewright.config.agents import (
    AgentConfig,
    CommandAgent,
    HeuristicAgent,
    OpenAIAgent,
    ProgramAgent,
    RandomSearchAgent,
    ReplayAgent,
)
from coursewright.config.endpoints import (
    TEXT_KINDS,
    Endpoint,
    Prices,
    ServerUrl,
    TextKind,
)
from coursewright.config.parts import (
    CustomPart,
    Part,
)
from coursewright.config.policy import (
    PersonalKind,
    Policy,
    Replace,
    Topic,
    Transform,
    Where,
    compiled,
)
from coursewright.config.reading import (
    load_config,
    load_policy,
    merge,
    parse_agent,
    parse_student,
    parse_teacher,
    split_reference,
)
from coursewright.config.run import (
    Budget,
    GreedySearch,
    GuardConfig,
    IncumbentConfig,
    LocalServer,
    ReplayConfig,
    RunConfig,
    SandboxConfig,
    SearchConfig,
    Turn,
)
from coursewright.config.students import (
    EMBEDDED_NAMES,
    EmbeddedStudent,
    HuggingFaceStudent,
    Recipe,
    StudentConfig,
    StudentServer,
    StudyRecipe,
)
from coursewright.config.teachers import (
    OpenAITeacher,
    RunTeacher,
    SimulatedTeacher,
    TeacherConfig,
)

__all__ = [
    "EMBEDDED_NAMES",
    "TEXT_KINDS",
    "AgentConfig",
    "Budget",
    "CommandAgent",
    "CustomPart",
    "EmbeddedStudent",
    "Endpoint",
    "GreedySearch",
    "GuardConfig",
    "HeuristicAgent",
    "HuggingFaceStudent",
    "IncumbentConfig",
    "LocalServer",
    "OpenAIAgent",
    "OpenAITeacher",
    "Part",
    "PersonalKind",
    "Policy",
    "Prices",
    "ProgramAgent",
    "RandomSearchAgent",
    "Recipe",
    "Replace",
    "ReplayAgent",
    "ReplayConfig",
    "RunConfig",
    "RunTeacher",
    "SandboxConfig",
    "SearchConfig",
    "ServerUrl",
    "SimulatedTeacher",
    "StudentConfig",
    "StudentServer",
    "StudyRecipe",
    "TeacherConfig",
    "TextKind",
    "Topic",
    "Transform",
    "Turn",
    "Where",
    "compiled",
    "load_config",
    "load_policy",
    "merge",
    "parse_agent",
    "parse_student",
    "parse_teacher",
    "split_reference",
]
