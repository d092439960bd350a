"""One real local cloud for the session, with the probe application deployed by `sam deploy`."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jetbridge_local.cloud import LocalCloud

sys.path.insert(0, str(Path(__file__).parent))

from probe_aws import ENVIRONMENTS, HERE, RUNTIME_PYTHON, STACK, Aws


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("images") / "images.json"
    path.write_text(json.dumps({"probe/container:1": {"folder": str(HERE / "probe/container")}}))
    return path


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory, images: Path) -> Iterator[LocalCloud]:
    state = tmp_path_factory.mktemp("cloud")
    with LocalCloud(
        state, images=images, runtime_python=RUNTIME_PYTHON, step_seconds=0.05
    ) as running:
        yield running


@pytest.fixture(scope="session")
def aws(cloud: LocalCloud) -> Aws:
    return Aws(cloud)


@pytest.fixture(scope="session")
def stack(cloud: LocalCloud, aws: Aws) -> dict[str, str]:
    """The outputs of the probe stack, deployed from its unedited template by sam itself."""
    deployed = subprocess.run(
        [
            *(str(ENVIRONMENTS / "sam/bin/sam"), "deploy", "--stack-name", STACK),
            *("--resolve-s3", "--no-confirm-changeset", "--no-progressbar"),
            *("--capabilities", "CAPABILITY_IAM"),
        ],
        cwd=HERE / "probe",
        env={
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            **cloud.environment("deployer"),
            "SAM_CLI_TELEMETRY": "0",
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert deployed.returncode == 0, deployed.stdout[-4000:] + deployed.stderr[-4000:]
    described = aws.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    assert described["StackStatus"] == "CREATE_COMPLETE"
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
    return outputs | {"StackId": described["StackId"]}
