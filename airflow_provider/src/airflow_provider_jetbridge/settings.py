"""Section ``[jetbridge]`` of Airflow's configuration; `provider_info` describes its options."""

try:
    from airflow.sdk.configuration import conf as conf
except ImportError:  # Airflow 3.0 has it in the core alone
    from airflow.configuration import conf as conf

SECTION = "jetbridge"

DEFAULT_STACK = "jetbridge"

DEFAULT_AIRFLOW = "default"

RESUME_HOLD_SECONDS = 15.0
"""How long a trigger that has just begun to run keeps its event (see `triggers.guard`)."""

SHORT_RUN_SECONDS = 10.0
"""A run that took less is waited for on the worker the next time (see `operators.short`)."""

POLL_INTERVAL_SECONDS = 1.0

RESUMES_PER_SECOND = 20.0
"""How many tasks one triggerer resumes in a second at most (see `triggers.guard`)."""


def stack() -> str:
    """The CloudFormation stack of Jetbridge that serves this Airflow."""
    return str(conf.get(SECTION, "stack", fallback=DEFAULT_STACK))


def airflow() -> str:
    """This Airflow's name in the stack: by it the stack tells Airflows apart."""
    return str(conf.get(SECTION, "airflow", fallback=DEFAULT_AIRFLOW))


def adopt() -> str:
    """Which DAGs' stock operators run through Jetbridge (`adopt.choice.Choice`)."""
    return str(conf.get(SECTION, "adopt", fallback=""))


def adopt_percent() -> float:
    """Which share of them.

    Raises:
        ValueError: it is no number from 0 to 100.
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
    """Zero switches the guard off, for an Airflow in which the race is fixed."""
    return _not_negative("resume_hold_seconds", RESUME_HOLD_SECONDS)


def short_run_seconds() -> float:
    """Zero has every task deferred at once."""
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
