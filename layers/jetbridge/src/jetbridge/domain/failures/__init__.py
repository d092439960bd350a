"""Why a launch ended, whose fault it was, and what becomes of the run: one versioned table.

``table`` is the policy by cause, ``matching`` finds the cause in AWS's own words, ``verdict``
says what an ending means, ``decision`` whether another launch replaces it.
"""

from jetbridge.domain.failures.decision import next_launch, reason_of, waits_until
from jetbridge.domain.failures.spot import leaves_spot
from jetbridge.domain.failures.table import POLICY, POLICY_VERSION, Decision, Policy
from jetbridge.domain.failures.verdict import LOST_CODE, Verdict, deciding, judge

__all__ = [
    "LOST_CODE",
    "POLICY",
    "POLICY_VERSION",
    "Decision",
    "Policy",
    "Verdict",
    "deciding",
    "judge",
    "leaves_spot",
    "next_launch",
    "reason_of",
    "waits_until",
]
