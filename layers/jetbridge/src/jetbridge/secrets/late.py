"""Masking for functions that seldom mask: nothing is imported before there is a text to mask.

The patterns are fifteen modules, which a cold start would pay for each time.
"""


def masked_text(text: str) -> str:
    """``lines.masked_text``."""
    from jetbridge.secrets import lines

    return lines.masked_text(text)
