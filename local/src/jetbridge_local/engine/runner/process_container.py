"""A container as a process group, with its output and its end."""

import asyncio
import contextlib
import os
import shutil
import signal
from asyncio.subprocess import DEVNULL, Process
from dataclasses import dataclass
from pathlib import Path

from ..ports import ProcessRegistry
from .base import Output, Stream
from .usage import Usage, usage_of_group

_CHUNK_BYTES = 65_536
_DRAIN_SECONDS = 2.0


@dataclass(frozen=True)
class Pipe:
    """A pipe made without asyncio. With asyncio's, ``Process.wait`` would wait until the last
    process that inherited the pipe has closed it, which may be long after the container's end."""

    write_end: int
    reader: asyncio.StreamReader
    transport: asyncio.ReadTransport

    @classmethod
    async def open(cls) -> "Pipe":
        read_end, write_end = os.pipe()
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read_end, "rb", 0)
        )
        return cls(write_end, reader, transport)


class ProcessContainer:
    """A process group in place of a container: when its leader ends, the whole group ends."""

    def __init__(
        self,
        runtime_id: str,
        process: Process,
        pipes: dict[Stream, "Pipe"],
        output: Output,
        scratch: Path,
        processes: ProcessRegistry,
    ) -> None:
        self._runtime_id = runtime_id
        self._process = process
        self._pipes = pipes
        self._output = output
        self._scratch = scratch
        self._processes = processes
        self._ended = asyncio.create_task(self._run(), name=f"container-{runtime_id[:12]}")

    @property
    def runtime_id(self) -> str:
        return self._runtime_id

    async def wait(self) -> int:
        return await asyncio.shield(self._ended)

    def usage(self) -> Usage:
        return usage_of_group(self._process.pid)

    async def stop(self, timeout: float) -> None:
        # Container runtimes, too, send this only to the first process. The others end when that one
        # ends.
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        done, _ = await asyncio.wait({self._ended}, timeout=timeout)
        if not done:
            self._kill_group()
            await self.wait()

    async def _run(self) -> int:
        readers = [
            asyncio.create_task(self._read(stream, pipe)) for stream, pipe in self._pipes.items()
        ]
        status = await self._process.wait()
        # As in a container whose first process ends: the processes that it left behind end as well.
        self._kill_group()
        _, unread = await asyncio.wait(readers, timeout=_DRAIN_SECONDS)
        for reader in unread:
            reader.cancel()
        for pipe in self._pipes.values():
            pipe.transport.close()
        self._processes.ended(self._process.pid)
        await asyncio.to_thread(shutil.rmtree, self._scratch, True)
        return status if status >= 0 else 128 - status

    async def _read(self, stream: Stream, pipe: "Pipe") -> None:
        while data := await pipe.reader.read(_CHUNK_BYTES):
            self._output(stream, data)

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)


async def spawn(
    arguments: list[str], directory: Path, environment: dict[str, str]
) -> tuple[Process, dict[Stream, Pipe]]:
    """Start the process as the leader of a new group. Pipes receive its output."""
    pipes: dict[Stream, Pipe] = {}
    try:
        pipes["stdout"] = await Pipe.open()
        pipes["stderr"] = await Pipe.open()
        process = await asyncio.create_subprocess_exec(
            *arguments,
            cwd=directory,
            env=environment,
            stdin=DEVNULL,
            stdout=pipes["stdout"].write_end,
            stderr=pipes["stderr"].write_end,
            start_new_session=True,
        )
    except BaseException:
        for pipe in pipes.values():
            pipe.transport.close()
        raise
    finally:
        for pipe in pipes.values():
            os.close(pipe.write_end)
    return process, pipes
