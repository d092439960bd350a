"""The process that is the local cloud."""

import asyncio
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from hypercorn.asyncio import serve as serve_asgi
from hypercorn.config import Config

from jetbridge_local import ministack_seam
from jetbridge_local.authorization.middleware import Authorizer
from jetbridge_local.authorization.model import Place
from jetbridge_local.engine import (
    BatchEngine,
    EcsEngine,
    EngineConfig,
    ImageMap,
    ImageMapFile,
    cloudformation,
)
from jetbridge_local.functions import FunctionPool, Interpreter
from jetbridge_local.functions.package import PackageStore
from jetbridge_local.processes import ProcessTable
from jetbridge_local.recorder import CallLog, CallRecorder
from jetbridge_local.rest import routes_of
from jetbridge_local.services import EngineService
from jetbridge_local.settings import CloudSettings
from jetbridge_local.state import StateFolder

logger = logging.getLogger(__name__)

_GRACE_SECONDS = 0.5
_LAST_RESORT_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class _Cloud:
    application: Any
    close: Callable[[], None]


def run(settings: CloudSettings) -> None:
    """Serve until SIGTERM or SIGINT, then end everything that was started.

    Prints one line to standard output when requests are answered; everything else goes to
    ``cloud.log``. Raises, before it serves: AlreadyRunning, OSError (port taken), ImageMapError,
    UnsupportedRuntime (an interpreter without awslambdaric), WrongVersion (of ministack).
    """
    ministack_seam.check_version()
    python = settings.runtime_python
    interpreter = Interpreter.at(python) if python else None
    images = ImageMapFile(settings.images) if settings.images else ImageMap({})
    state = StateFolder(settings.state)
    with state.held(), _listening_socket(settings.port) as listener:
        port = listener.getsockname()[1]
        announce = _take_over_output(state)
        state.withdraw()
        url = f"http://127.0.0.1:{port}"
        processes = ProcessTable(state.processes, url)
        processes.end_orphans()
        ministack_seam.prepare(
            port=port,
            account=settings.account,
            region=settings.region,
            temporary=state.temporary,
            concurrent_executions=settings.limits.concurrent_executions,
        )
        cloud = _build(settings, state, processes, url, images, interpreter)

        def ready() -> None:
            running = state.announce(url, settings.account, settings.region)
            announce(f"local cloud ready: {url} pid {running.pid}")

        try:
            asyncio.run(_serve(cloud, listener, ready))
        finally:
            cloud.close()
            state.withdraw()


def _build(
    settings: CloudSettings,
    state: StateFolder,
    processes: ProcessTable,
    url: str,
    images: ImageMap | ImageMapFile,
    interpreter: Interpreter | None,
) -> _Cloud:
    seam = ministack_seam.install(settings.account, settings.region)
    config = EngineConfig(
        account=settings.account,
        region=settings.region,
        state_dir=state.containers,
        image_map=images,
        endpoint_url=url,
        step_seconds=settings.step_seconds,
        insights_seconds=settings.insights_seconds,
        limits=settings.limits,
        access_key_id="container",
        secret_access_key="local",
    )
    ecs = EcsEngine(config, seam.events, seam.logs, seam.secrets, processes)
    batch = BatchEngine(
        config,
        seam.events,
        seam.logs,
        seam.secrets,
        processes,
        ecs=ecs.handle,
    )
    pool = FunctionPool(
        interpreter,
        endpoint_url=url,
        logs=seam.logs,
        processes=processes,
        cpu_by_memory=settings.cpu_by_memory,
    )
    seam.serve_with("ecs", EngineService("ecs", ecs))
    seam.serve_with("batch", EngineService("batch", batch))
    seam.register_resource_types(cloudformation.resource_types(ecs, batch))
    seam.run_functions_with(pool, PackageStore(state.functions))
    calls = CallLog()
    authorized = Authorizer(
        seam.application,
        seam.identities,
        seam.facts(ecs.handle, batch.handle),
        Place(settings.account, settings.region),
        seam.verdicts,
        changed=seam.identities.forget,
    )
    threading.Thread(target=_load_models, name="models", daemon=True).start()

    def close() -> None:
        """Ends functions, tasks and jobs, all at the same time. May be called twice."""
        with ThreadPoolExecutor(max_workers=3) as threads:
            for done in [threads.submit(part.close) for part in (pool, ecs, batch)]:
                try:
                    done.result()
                except Exception:
                    logger.exception("something couldn't be ended")

    return _Cloud(application=CallRecorder(authorized, calls), close=close)


async def _serve(cloud: _Cloud, listener: socket.socket, ready: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    async def stopping() -> None:
        await stop.wait()
        # A thread of the emulator that still waits must not keep the process alive.
        last_resort = threading.Timer(_LAST_RESORT_SECONDS, os._exit, (1,))
        last_resort.daemon = True
        last_resort.start()
        await asyncio.to_thread(cloud.close)

    config = Config()
    # hypercorn closes what it is given.
    config.bind = [f"fd://{os.dup(listener.fileno())}"]
    config.graceful_timeout = _GRACE_SECONDS
    config.shutdown_timeout = _GRACE_SECONDS
    config.keep_alive_timeout = 75
    config.accesslog = None
    config.errorlog = logging.getLogger("hypercorn.error")
    announcing = asyncio.create_task(_announce_when_answering(listener.getsockname(), ready))
    await serve_asgi(cloud.application, config, shutdown_trigger=stopping)
    announcing.cancel()


async def _announce_when_answering(address: tuple[str, int], ready: Callable[[], None]) -> None:
    request = b"GET /_jetbridge/health HTTP/1.1\r\nHost: local\r\nConnection: close\r\n\r\n"
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection(*address)
            writer.write(request)
            answer = await reader.read(64)
            writer.close()
            if b" 200 " in answer:
                ready()
                return
        await asyncio.sleep(0.05)


def _listening_socket(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"port: 127.0.0.1:{port}: {error.strerror}") from None
    return listener


def _take_over_output(state: StateFolder) -> Callable[[str], None]:
    """Send everything written from here on to the log file; returns what still says something."""
    terminal = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    log = state.log.open("w", encoding="utf-8", buffering=1)
    sys.stdout.flush()
    os.dup2(log.fileno(), sys.stdout.fileno())
    os.dup2(log.fileno(), sys.stderr.fileno())
    logging.basicConfig(
        stream=log,
        level=logging.INFO,
        format="%(asctime)s.%(msecs)03d %(levelname)s %(name)s: %(message)s",
        datefmt="%H:%M:%S",
    )

    def say(line: str) -> None:
        with suppress(OSError):
            print(line, file=terminal, flush=True)

    return say


def _load_models() -> None:
    for service in ("lambda", "batch", "scheduler", "s3"):
        routes_of(service)
