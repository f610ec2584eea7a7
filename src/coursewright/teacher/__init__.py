"""The teacher: a metered, cached, recorded line from programs nobody trusts to a model.

    supervisor ── GatewayTeacher (client) ──► gateway process ──► upstream
    program ───── one Unix socket a round ──►      │
                                              store.ledger

Start reading at `desk`, which is the way of one call.
"""

from coursewright.teacher.client import GatewayLine, GatewayLost, GatewayTeacher, usage_of
from coursewright.teacher.egress import told_to_programs, withheld_texts
from coursewright.teacher.upstreams import check_teacher

__all__ = [
    "GatewayLine",
    "GatewayLost",
    "GatewayTeacher",
    "check_teacher",
    "told_to_programs",
    "usage_of",
    "withheld_texts",
]
