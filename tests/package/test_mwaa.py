"""What an Amazon MWAA environment is given (`scripts/build-mwaa`) installs without a network."""

import re
import tomllib
import zipfile
from pathlib import Path

import pytest
from clean import ROOT, Clean, pip, run
from packaging.requirements import Requirement
from packaging.version import Version

PLUGINS = "/usr/local/airflow/plugins"
OURS = ["airflow_provider_jetbridge", "jetbridge"]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of a version whose image lacks nothing, so that no index is asked for it."""
    folder = tmp_path_factory.mktemp("mwaa")
    run([ROOT / "scripts/build-mwaa", "3.3.1", folder], ROOT)
    return folder / "mwaa-3.3.1"


def test_the_zip_has_the_wheels_at_its_root_and_nothing_else(package: Path) -> None:
    names = zipfile.ZipFile(package / "plugins.zip").namelist()
    assert [name.split("-")[0] for name in names] == OURS
    assert all(re.fullmatch(r"[A-Za-z0-9_.+-]+\.whl", name) for name in names)


def test_mwaa_adds_no_constraints_to_the_requirements(package: Path) -> None:
    """Its own search (images/airflow/3.0.6/python/mwaa/utils/user_requirements.py, at AWS)."""
    lines = (package / "requirements.txt").read_text().splitlines()
    assert any(re.search(r"-c |--constraint ", line) for line in lines)
    assert "--no-index" in lines
    assert f"--find-links {PLUGINS}" in lines


def test_it_installs_without_an_index(package: Path, airflow: Clean, tmp_path: Path) -> None:
    """Into an Airflow that has the amazon provider, as MWAA's image has."""
    plugins = tmp_path / "plugins"
    zipfile.ZipFile(package / "plugins.zip").extractall(plugins)
    text = (package / "requirements.txt").read_text()
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(text.replace(PLUGINS, str(plugins)))
    pip(airflow, "uninstall", "--quiet", "--yes", *OURS)
    pip(airflow, "install", "--quiet", "--requirement", requirements)
    airflow.run("python", "-c", "import airflow_provider_jetbridge.operators.ecs")


def test_what_3_0_6_is_given_is_what_the_provider_needs() -> None:
    project = tomllib.loads((ROOT / "airflow_provider/pyproject.toml").read_text())["project"]
    needed = {each.name: each for each in map(Requirement, project["dependencies"])}
    lock = (ROOT / "requirements/mwaa-3.0.txt").read_text()
    given = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", lock, re.MULTILINE))
    assert set(given) == {
        "apache-airflow-providers-amazon",
        "apache-airflow-providers-common-compat",
    }
    for name, version in given.items():
        assert Version(version) in needed[name].specifier
