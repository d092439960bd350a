"""Parses the times of AWS and Jetbridge."""

from datetime import UTC, datetime


def epoch(moment: str) -> float:
    """Epoch seconds of an ISO 8601 time. Without a zone it is in UTC."""
    parsed = datetime.fromisoformat(moment)
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
