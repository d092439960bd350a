"""Which of a function's own lines Lambda lets into its log group.

Source: AWS Lambda developer guide, "Log-level filtering". Filtering needs the log format JSON. The
level is INFO unless ApplicationLogLevel says otherwise. A line "must output log events to stdout or
stderr as JSON formatted objects that contain a key value pair with the key level", and "if the
level value field is invalid or missing, Lambda will assign the log output the level INFO": also
metrics in the embedded metric format, which have none.
"""

import json

DEFAULT_LEVEL = "INFO"
_LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
# What Python's logging calls WARN and FATAL.
_PYTHON = {"WARNING": "WARN", "CRITICAL": "FATAL"}


def lets_through(minimum: str, line: str) -> bool:
    """Whether a line is kept; ``minimum`` is the function's ApplicationLogLevel, empty for none."""
    if not minimum:
        return True
    return _LEVELS.index(_level_of(line)) >= _LEVELS.index(minimum)


def _level_of(line: str) -> str:
    try:
        content = json.loads(line)
    except ValueError:
        return DEFAULT_LEVEL
    level = str(content.get("level", "")).upper() if isinstance(content, dict) else ""
    level = _PYTHON.get(level, level)
    return level if level in _LEVELS else DEFAULT_LEVEL
