"""Which suites there are, and what each tier runs of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

TIERS = {"push": (), "nightly": ("-m", "")}
"""pytest's options: a push leaves out what is marked ``nightly``, a night runs everything."""

VARIABLES: dict[str, dict[str, str]] = {
    "push": {},
    "nightly": {
        "JETBRIDGE_FUZZ": "500",
        "JETBRIDGE_HOSTILE": "50",
        "JETBRIDGE_PROPERTIES": "nightly",
    },
}
"""Environment variables that set how many inputs and examples the tests make
(tests/unit/conftest.py)."""


@dataclass(frozen=True)
class Package:
    """A package whose coverage a suite measures: ``name`` is in the report, ``module`` is imported
    from the folder ``source``."""

    name: str
    module: str
    source: str


CORE = Package("core", "jetbridge", "layers/jetbridge/src")
PROVIDER = Package("provider", "airflow_provider_jetbridge", "airflow_provider/src")


class UnknownSuite(ValueError):
    """There is no suite of this name; the text lists those there are."""


@dataclass(frozen=True)
class Suite:
    """One run of pytest.

    ``environment`` is the virtual environment below ``.venv``; ``options`` are pytest's;
    ``measured`` is the package whose coverage counts; ``processes`` says whether the processes
    count, too, that the tests start; ``lanes`` are as many as it has processes that compute
    without a pause.
    """

    name: str
    environment: str
    paths: tuple[str, ...]
    options: tuple[str, ...] = ()
    measured: Package | None = None
    processes: bool = False
    lanes: int = 1

    @property
    def python(self) -> Path:
        return ROOT / ".venv" / self.environment / "bin/python"


def _in(folder: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{folder}/test_{name}.py" for name in names)


def _but(paths: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"--ignore={path}" for path in paths)


# Those that share one Airflow (tests/integration/airflow/shared_airflow.py).
_SHARED = _in(
    "tests/integration/airflow",
    "kill",
    "links_and_connection",
    "adoption",
    "feed_on_airflow",
    "hostile",
)
# Those that deploy stacks of their own.
_STACKS = _in("tests/integration/stack", "deploys", "update", "verify")
# Begun in this order, so the long ones come first.
SUITES = (
    Suite("unit", "dev", ("tests/unit",), ("-n", "2"), measured=CORE, lanes=2),
    Suite("shared-airflow", "dev", _SHARED),
    Suite("stack", "local", ("tests/integration/stack",), _but(_STACKS)),
    Suite("airflow", "dev", ("tests/integration/airflow",), _but(_SHARED)),
    Suite("stacks", "local", _STACKS),
    Suite("finish", "local", _in("tests/e2e", "finish_matrix", "finish_watching")),
    # What needs a cloud of its own first: the examples' lasts until the end.
    Suite(
        "examples",
        "local",
        _in(
            "tests/e2e",
            "hostile_log",
            "migration",
            "tutorial",
            "docs_search",
            "report",
            "features",
            "ui",
        ),
    ),
    Suite("demo", "local", _in("tests/e2e", "demo", "first_container")),
    Suite("contract", "local", ("tests/contract",)),
    Suite("provider", "airflow", ("tests/provider",), measured=PROVIDER, processes=True),
    Suite("package", "dev", ("tests/package",)),
)


def suites(names: Sequence[str]) -> list[Suite]:
    """Those of these names, all without a name. Raises UnknownSuite."""
    known = {suite.name: suite for suite in SUITES}
    for name in names:
        if name not in known:
            raise UnknownSuite(f"There is no suite {name!r}. There are: {', '.join(known)}")
    return [known[name] for name in names] if names else list(SUITES)
