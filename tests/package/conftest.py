"""The distributions, built once, and clean environments that they are installed into."""

import sys
from pathlib import Path

import pytest

# pytest's import mode "importlib" leaves test folders off the path.
sys.path.insert(0, str(Path(__file__).parent))

from clean import ROOT, Clean, installed, resolved, run


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the distributions, as `make dist` builds them."""
    folder = tmp_path_factory.mktemp("dist")
    run([ROOT / "scripts/build-distributions", folder], ROOT)
    return folder


@pytest.fixture(scope="session")
def airflow(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Clean:
    """Airflow and the amazon provider as they are locked, and the provider's wheel."""
    return installed(
        dist, tmp_path_factory.mktemp("airflow"), "airflow-3.3", "airflow-provider-jetbridge"
    )


@pytest.fixture(scope="session")
def cli(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Clean:
    return installed(dist, tmp_path_factory.mktemp("cli"), "cli", "jetbridge-cli")


@pytest.fixture(scope="session")
def local(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Clean:
    return resolved(dist, tmp_path_factory.mktemp("local"), "local", "jetbridge-local")
