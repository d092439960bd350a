"""How often and for how long a message is sent again while it can only wait.

Lambda's guard against loops would stop such a message after some 16 invocations (AWS Lambda
developer guide, "Use Lambda recursive loop detection to prevent infinite loops"). It is switched
off for the functions that send messages to themselves: ``RecursiveLoop: Allow`` in template.yaml.
This module sets the limits instead. Each message carries the time at which its wait began, as
``since`` in epoch seconds. Without ``since``, the wait begins now.
"""

# A throttle that lasts this long doesn't pass by itself. A message and its dead letter are kept for
# 14 days.
PATIENCE_SECONDS = 7 * 24 * 3600
PATIENCE = "7 days"

THROTTLED_SECONDS = 5
# The longest wait before another attempt at a call that AWS throttles.
LONGEST_SECONDS = 60


def is_over(since: float, now: float) -> bool:
    """Whether a message that has waited since ``since`` should be given up."""
    return now - since > PATIENCE_SECONDS


def throttled_seconds(since: float, now: float) -> int:
    """How many seconds to wait before another call that AWS throttles: a tenth of the time waited
    so far, but at least 5 and at most 60."""
    return int(max(THROTTLED_SECONDS, min(LONGEST_SECONDS, (now - since) / 10)))
