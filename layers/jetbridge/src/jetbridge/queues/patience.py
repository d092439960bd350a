"""How long a message that can only wait is sent anew, and how often.

Lambda's own guard against loops, which would stop such a message after some 16 invocations (AWS
Lambda developer guide, "Use Lambda recursive loop detection to prevent infinite loops"), is
switched off for the functions that send to themselves: ``RecursiveLoop: Allow`` in template.yaml.
This is what bounds them instead. Each message carries since when it waits, as ``since`` in epoch
seconds; one without it begins to wait now.
"""

# A throttle that lasts so long is nothing that passes by itself. A message and its dead letter are
# kept for 14 days.
PATIENCE_SECONDS = 7 * 24 * 3600
PATIENCE = "7 days"

THROTTLED_SECONDS = 5
# The longest wait before something that AWS throttles is tried again.
LONGEST_SECONDS = 60


def is_over(since: float, now: float) -> bool:
    """Whether what has waited since then is to be given up."""
    return now - since > PATIENCE_SECONDS


def throttled_seconds(since: float, now: float) -> int:
    """After how many seconds what AWS throttles is tried again: a tenth of what it has waited,
    but 5 at least and 60 at most."""
    return int(max(THROTTLED_SECONDS, min(LONGEST_SECONDS, (now - since) / 10)))
