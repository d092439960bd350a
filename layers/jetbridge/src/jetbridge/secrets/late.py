"""Masking for functions that seldom mask: they import the patterns only when there is a text to
mask.

The patterns are fifteen modules, which would slow down every cold start.
"""


def masked_text(text: str) -> str:
    """``lines.masked_text``."""
    from jetbridge.secrets import lines

    return lines.masked_text(text)
