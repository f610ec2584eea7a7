"""Local model servers that take turns: started, laid to sleep and stopped by the run itself.

On one GPU teacher, trainer and scorer do not fit side by side. `Turns.take` makes room for
whoever comes next; the wrappers call it before agent, teacher and student do their work.
"""

from coursewright.servers.turns import AgentInTurn, StudentInTurn, TeacherInTurn, Turns

__all__ = ["AgentInTurn", "StudentInTurn", "TeacherInTurn", "Turns"]
