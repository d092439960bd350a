"""Section ``[jetbridge]`` of Airflow's configuration; `provider_info` describes its options."""

try:
    from airflow.sdk.configuration import conf as conf
except ImportError:  # Airflow 3.0 has it only in the core
    from airflow.configuration import conf as conf

SECTION = "jetbridge"

DEFAULT_STACK = "jetbridge"

DEFAULT_AIRFLOW = "default"

RESUME_HOLD_SECONDS = 15.0
"""How long a trigger that has just started holds its event (see `triggers.guard`)."""

SHORT_RUN_SECONDS = 10.0
"""If a run took less than this, the worker waits for the task's next run (see
`operators.short`)."""

POLL_INTERVAL_SECONDS = 1.0

RESUMES_PER_SECOND = 20.0
"""The most tasks that one triggerer resumes in a second (see `triggers.guard`)."""


def stack() -> str:
    """The name or ARN of the Jetbridge stack for this Airflow."""
    return str(conf.get(SECTION, "stack", fallback=DEFAULT_STACK))


def airflow() -> str:
    """This Airflow's name in the stack. It distinguishes the Airflows that use one stack."""
    return str(conf.get(SECTION, "airflow", fallback=DEFAULT_AIRFLOW))


def adopt() -> str:
    """The patterns of DAGs whose stock operators run through Jetbridge (`adopt.choice.Choice`)."""
    return str(conf.get(SECTION, "adopt", fallback=""))


def adopt_percent() -> float:
    """How many percent of the chosen tasks are adopted.

    Raises:
        ValueError: it isn't a number from 0 to 100.
    """
    given = str(conf.get(SECTION, "adopt_percent", fallback="100"))
    try:
        percent = float(given)
    except ValueError:
        percent = -1.0
    if not 0 <= percent <= 100:
        raise ValueError(f"[{SECTION}] adopt_percent is {given!r}; give a number from 0 to 100")
    return percent


def poll_interval_seconds() -> float:
    return _positive("poll_interval_seconds", POLL_INTERVAL_SECONDS)


def resume_hold_seconds() -> float:
    """Zero switches the guard off, for a version of Airflow without the race."""
    return _not_negative("resume_hold_seconds", RESUME_HOLD_SECONDS)


def short_run_seconds() -> float:
    """With zero, every task defers at once."""
    return _not_negative("short_run_seconds", SHORT_RUN_SECONDS)


def resumes_per_second() -> float:
    return _positive("resumes_per_second", RESUMES_PER_SECOND)


def _not_negative(option: str, default: float) -> float:
    seconds = float(conf.getfloat(SECTION, option, fallback=default))
    if seconds < 0:
        raise ValueError(f"[{SECTION}] {option} is {seconds}; give zero or more seconds")
    return seconds


def _positive(option: str, default: float) -> float:
    value = float(conf.getfloat(SECTION, option, fallback=default))
    if value <= 0:
        raise ValueError(f"[{SECTION}] {option} is {value}; give a number above zero")
    return value
