"""Whether rows copy exam items: what is certain goes in rounds, what is likely is said at the end.

texts         items and rows as texts, and their coarser forms
matching      which row is a copy of which item
copies        the round check: copies of visible items go
evidence      how close the rows come to every single item
differential  whether they come closer to some items than chance allows
exposure      the final check: against visible and hidden items together
nearness      which exam items resemble one that could be looked at
"""

from coursewright.audit.contamination.copies import Copies
from coursewright.audit.contamination.exposure import Exposure
from coursewright.audit.contamination.nearness import near_items

__all__ = ["Copies", "Exposure", "near_items"]
