"""A function's configuration, and the result of one invocation."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal


class UnsupportedRuntime(ValueError):
    """The function asks for a runtime that this cloud has no interpreter for."""


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Temporary credentials of the function's role."""

    access_key_id: str
    secret_access_key: str
    session_token: str


@dataclass(frozen=True, kw_only=True)
class LogRights:
    """What the function's role lets Lambda do: write into its log group, and make the group."""

    stream: bool
    group: bool


@dataclass(frozen=True, kw_only=True)
class FunctionSpec:
    """One version of one function, as configured.

    Equal specs may share execution environments. ``layers`` are unpacked layer folders in the
    function's order; ``code`` is its unpacked package. ``timeout`` is in seconds, ``memory`` in MB.
    """

    arn: str
    name: str
    version: str
    runtime: str
    handler: str
    timeout: int
    memory: int
    account: str
    region: str
    code: Path
    layers: tuple[Path, ...]
    environment: tuple[tuple[str, str], ...]
    log_group: str
    log_format: Literal["Text", "JSON"]
    log_level: str = ""
    credentials: Credentials
    # What the role may do changes with its policies, and changes no environment.
    log_rights: LogRights = field(default=LogRights(stream=True, group=True), compare=False)


@dataclass(frozen=True, kw_only=True)
class InvocationResult:
    """``payload`` is the function's answer or its error object; ``log`` the lines it wrote."""

    payload: Any
    failed: bool
    log: str
