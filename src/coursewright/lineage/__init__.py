"""Where a row of the delivered data set comes from: calls, program, agent's message, round, config.

trace_row   reads a run folder, and changes nothing in it
trace_in    the same for any data set of a run, delivered or not
lines       the same for a person
"""

from coursewright.lineage.record import Ancestor, Lineage, LineageCall, Maker
from coursewright.lineage.telling import lines
from coursewright.lineage.tracing import trace_in, trace_row

__all__ = ["Ancestor", "Lineage", "LineageCall", "Maker", "lines", "trace_in", "trace_row"]
