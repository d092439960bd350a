"""Why a launch ended, whose fault it was, and what happens to the run: one versioned table.

``table`` is the policy by cause, ``sentences`` has AWS's own words for each cause and ``pods``
those of Kubernetes, ``matching`` finds them among the names in a text (``words``), ``containers``
says which containers decide, ``verdict`` what an ending means, ``decision`` whether another launch
replaces it.
"""

from jetbridge.failures.containers import deciding_ends, own_ends
from jetbridge.failures.decision import (
    may_be_replaced,
    next_launch,
    reason_of,
    waits_until,
)
from jetbridge.failures.spot import leaves_spot
from jetbridge.failures.table import POLICY, POLICY_VERSION, Decision, Policy
from jetbridge.failures.verdict import LOST_CODE, Verdict, judge

__all__ = [
    "LOST_CODE",
    "POLICY",
    "POLICY_VERSION",
    "Decision",
    "Policy",
    "Verdict",
    "deciding_ends",
    "judge",
    "leaves_spot",
    "may_be_replaced",
    "next_launch",
    "own_ends",
    "reason_of",
    "waits_until",
]
