"""Runs containers as local processes, with the image map."""

import asyncio
import os
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path

from ..config import EngineConfig
from ..errors import ImageMapError
from ..images import Image, ImageMapFile
from ..ports import ProcessRegistry
from .base import CannotPull, CannotStart, ContainerPlan, Output
from .process_container import ProcessContainer, spawn

_START_FAILED = (
    "ResourceInitializationError: failed to create new container runtime task: failed to create "
    "shim task: OCI runtime create failed: runc create failed: unable to start container process: "
)


class ProcessRunner:
    """Runs each container as a process group in a private copy of its image's folder.

    The folder is the image's working directory. If a definition's ``workingDirectory`` exists in
    the folder, it is used. Users, ulimits, memory limits, volumes and read-only file systems have
    no effect here, because they need a container engine.
    """

    def __init__(self, config: EngineConfig, processes: ProcessRegistry) -> None:
        self._config = config
        self._processes = processes
        self._root = config.state_dir / "containers"

    async def pull(self, image: str) -> None:
        self._resolve(image)

    async def start(self, plan: ContainerPlan, output: Output) -> ProcessContainer:
        image = self._resolve(plan.image)
        runtime_id = uuid.uuid4().hex + uuid.uuid4().hex
        scratch = self._root / runtime_id
        try:
            directory = await asyncio.to_thread(_copy, image.folder, scratch)
            if plan.working_directory:
                inside = directory / plan.working_directory.lstrip("/")
                directory = inside if inside.is_dir() else directory
            environment = self._environment(image, plan.environment, scratch)
            program, *arguments = _arguments(image, plan)
            program = _program(program, environment["PATH"], directory)
            process, pipes = await spawn([program, *arguments], directory, environment)
        except BaseException as error:
            await asyncio.to_thread(shutil.rmtree, scratch, True)
            if isinstance(error, OSError | ValueError):
                raise CannotStart(f"{_START_FAILED}{error}: unknown") from error
            raise
        self._processes.started(process.pid)
        return ProcessContainer(runtime_id, process, pipes, output, scratch, self._processes)

    def _resolve(self, uri: str) -> Image:
        failure = f"pull image manifest has been retried 1 time(s): failed to resolve ref {uri}: "
        images = self._config.image_map
        try:
            image = images.resolve(uri)
        except ImageMapError as error:
            raise CannotPull(
                f"{failure}{uri}: not found (the image map is wrong: {error})"
            ) from error
        if image is None:
            where = f" {images.path}" if isinstance(images, ImageMapFile) else ""
            raise CannotPull(
                f"{failure}{uri}: not found (on this local cloud, add the image to the image map"
                f"{where} and try again)"
            )
        return image

    def _environment(
        self, image: Image, environment: Mapping[str, str], scratch: Path
    ) -> dict[str, str]:
        return {
            "PATH": self._config.container_path,
            "HOME": str(scratch / "home"),
            "TMPDIR": str(scratch / "tmp"),
            "AWS_ENDPOINT_URL": self._config.endpoint_url,
            "AWS_REGION": self._config.region,
            "AWS_DEFAULT_REGION": self._config.region,
            "AWS_ACCESS_KEY_ID": self._config.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self._config.secret_access_key,
            **image.environment,
            **environment,
        }


def _copy(folder: Path, scratch: Path) -> Path:
    for name in ("home", "tmp"):
        (scratch / name).mkdir(parents=True)
    directory = scratch / "work"
    shutil.copytree(folder, directory, symlinks=True)
    return directory


def _arguments(image: Image, plan: ContainerPlan) -> tuple[str, ...]:
    arguments = plan.entry_point + plan.command if plan.entry_point else plan.command
    arguments = arguments or image.command
    if not arguments:
        raise ValueError(f"no command specified: neither the definition nor {plan.image} has one")
    return arguments


def _program(name: str, path: str, directory: Path) -> str:
    """The program's path, found with the container's own PATH and working directory."""
    if "/" in name:
        program = directory / name
        if not program.is_file():
            raise ValueError(f'exec: "{name}": stat {name}: no such file or directory')
        if not os.access(program, os.X_OK):
            raise ValueError(f'exec: "{name}": permission denied')
        return str(program)
    found = shutil.which(name, path=path)
    if found is None:
        raise ValueError(f'exec: "{name}": executable file not found in $PATH')
    return found
