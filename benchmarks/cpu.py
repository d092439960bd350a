"""CPU time of functions' execution environments on the local cloud."""

from collections.abc import Iterator

import psutil

from jetbridge_local.site.stack import Stack


class FunctionCpu:
    """CPU seconds of functions, by the names of their folders in ``functions/``. Environments that
    have ended count with the last value seen."""

    def __init__(self, stack: Stack, functions: list[str]) -> None:
        self._names = {stack.functions[name] for name in functions}
        self._cloud = psutil.Process(stack.cloud.running.pid)
        self._seconds: dict[tuple[int, float], float] = {}

    def seconds(self) -> float:
        """All of them together, so far."""
        for process in self._environments():
            try:
                times = process.cpu_times()
                self._seconds[process.pid, process.create_time()] = times.user + times.system
            except psutil.NoSuchProcess:
                continue
        return sum(self._seconds.values())

    def _environments(self) -> Iterator[psutil.Process]:
        for process in self._cloud.children(recursive=True):
            try:
                name = process.environ().get("AWS_LAMBDA_FUNCTION_NAME")
            except psutil.Error:
                continue
            if name in self._names:
                yield process
