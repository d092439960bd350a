"""Names and levels to which Airflow's reader of logs or its page gives a meaning, by version.

``tests/provider/test_airflow_names.py`` compares them with the installed Airflow: its reader's
model, and the built JavaScript of its page. ``make matrix`` does so for each version, and fails if
a later version has a new name.
"""

# What the reader's model declares: airflow/utils/log/file_task_handler.py, StructuredLogMessage,
# 3.0 to 3.3. CloudWatchRemoteLogIO of the amazon provider sets "timestamp", too.
READER = ("timestamp", "event")
# What the page takes out of a line: airflow-core/src/airflow/ui/src/components/
# renderStructuredLog.tsx, 3.0 to 3.3. An "error_detail" that isn't a list of exceptions with their
# frames makes the whole page say "Unable to show logs".
PAGE = ("timestamp", "event", "level", "logger", "error_detail")
# What it takes for a line's source, which a person may hide; it shows "filename" and "lineno" as
# "loc", and "logger" as "source": there, 3.1 to 3.3, the last since 3.0.
SOURCE = ("logger", "chan", "lineno", "filename", "loc", "source")
# Of which the first line that has any of them becomes "Task Identity" on top of the log, and which
# are shown nowhere else: there, 3.2 and 3.3.
IDENTITY = ("ti_id", "dag_id", "task_id", "run_id", "try_number", "map_index")
# Jetbridge's own: the number of a line that equals the one before.
REPEAT = "repeat"

RESERVED = frozenset((*READER, *PAGE, *SOURCE, *IDENTITY, REPEAT))
"""A container's member of this name is shown under another one."""

LEVELS = frozenset(("debug", "info", "warning", "error", "critical"))
"""The levels that the page colours and filters by: airflow-core/src/airflow/ui/src/ utils/logs.ts,
LogLevel, 3.0 to 3.3."""

# What loggers call these levels: syslog, java.util.logging, log4j, zap, pino, .NET, Google Cloud.
_CALLED = {
    "debug": "trace verbose fine finer finest",
    "info": "notice information informational default",
    "warning": "warn",
    "error": "err severe",
    "critical": "crit fatal panic dpanic alert emerg emergency",
}
_LEVEL_OF = {other: level for level, others in _CALLED.items() for other in others.split()}


def level_of(word: str) -> str | None:
    """Airflow's level for a logger's word, in upper or lower case; None if the word isn't a
    level."""
    name = word.lower()
    return name if name in LEVELS else _LEVEL_OF.get(name)


def renamed(name: str, taken: set[str]) -> str:
    """A free name that Airflow gives no meaning to, such as ``container_level``."""
    while name in RESERVED or name in taken:
        name = f"container_{name}"
    return name
