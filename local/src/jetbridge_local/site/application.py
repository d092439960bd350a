"""`sam build` and `sam deploy`, as a user would call them, with a local endpoint."""

import os
import platform
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jetbridge_local.airflow_user import Statement, make_airflow_user
from jetbridge_local.processes import ProcessTable
from jetbridge_local.site.building import build_once
from jetbridge_local.site.commands import run
from jetbridge_local.site.paths import Paths

CONFIG = "local"


@dataclass(frozen=True)
class Application:
    """Builds and deploys the product's stack and the example's.

    ``cloud`` are the variables that point AWS's tools at the local cloud.
    """

    paths: Paths
    cloud: Mapping[str, str]
    processes: ProcessTable

    def build(self) -> None:
        """`sam build`, unless the checkout has been built as it is now."""
        build_once(self.paths.root, lambda: self._sam("build", self.paths.root, "build"))

    def deploy(self, **parameters: str) -> None:
        """Deploy Jetbridge for this machine's architecture.

        ``parameters`` are the template's, beside samconfig.toml's or in their place.
        """
        values = _overrides(self.paths.root) | {"Architecture": architecture()} | parameters
        overrides = [f"{name}={value}" for name, value in values.items()]
        self._sam("deploy", self.paths.root, "deploy", "--parameter-overrides", *overrides)

    def package(self, template: Path) -> None:
        """Write the template whose code is in S3, for any number of stacks."""
        written = ["--output-template-file", str(template)]
        self._sam("package", self.paths.root, "package", "--resolve-s3", *written)

    def deploy_example(self) -> None:
        """Deploy what the example DAG runs."""
        self._sam("deploy-example", self.paths.root / "examples", "deploy")

    def allow_airflow(self, *more: Statement) -> None:
        """Give Airflow's user what the stack and its own logs need, and ``more``."""
        root = self.paths.root
        make_airflow_user(
            self.cloud,
            stack=stack_name(root),
            bucket=parameter(root, "AirflowLogBucket"),
            prefix=parameter(root, "AirflowLogPrefix"),
            more=more,
        )

    def _sam(self, name: str, folder: Path, *arguments: str) -> None:
        sam = self.paths.environment("sam") / "bin" / "sam"
        run(
            [sam, arguments[0], "--config-env", CONFIG, *arguments[1:]],
            folder=folder,
            environment=self._environment(),
            log=self.paths.logs / f"sam-{name}.log",
            processes=self.processes,
        )

    def _environment(self) -> dict[str, str]:
        # uv, and a Python 3.13 that it can find: the layers' makefiles need both.
        tools = [self.paths.environment(name) / "bin" for name in ("tools", "sam")]
        return {
            **os.environ,
            **self.cloud,
            "PATH": os.pathsep.join([*map(str, tools), os.environ["PATH"]]),
            "SAM_CLI_TELEMETRY": "0",
        }


def stack_name(root: Path) -> str:
    """The name under which the product's stack is deployed locally."""
    return str(_configuration(root)["global"]["parameters"]["stack_name"])


def parameter(root: Path, name: str) -> str:
    """The value that a template parameter has on the local cloud.

    Raises:
        KeyError: samconfig.toml doesn't set it.
    """
    return _overrides(root)[name]


def _overrides(root: Path) -> dict[str, str]:
    listed = _configuration(root)["deploy"]["parameters"]["parameter_overrides"]
    return dict(item.split("=", 1) for item in listed)


def _configuration(root: Path) -> dict[str, Any]:
    configuration: dict[str, Any] = tomllib.loads((root / "samconfig.toml").read_text())[CONFIG]
    return configuration


def architecture() -> str:
    """This machine's, as the template's parameter Architecture names it."""
    return "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"
