"""What the template tells the functions, by environment variables."""

import os
from collections.abc import Mapping

import msgspec


class SettingsError(RuntimeError):
    """An environment variable is missing or malformed: the template and the code disagree."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """One field per environment variable ``JETBRIDGE_<FIELD>`` (see template.yaml, Globals)."""

    stack_key: str
    runs_table: str
    outcomes_table: str
    launch_queue_url: str
    finish_queue_url: str
    logs_queue_url: str
    stop_queue_url: str
    stop_function: str
    log_bucket: str = ""
    log_prefix: str = ""
    settle_seconds: float = 5
    check_after_seconds: float = 900
    region: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Raises: SettingsError"""
        values = {
            field.name: environment[f"JETBRIDGE_{field.name.upper()}"]
            for field in msgspec.structs.fields(cls)
            if f"JETBRIDGE_{field.name.upper()}" in environment
        }
        values["region"] = environment.get("AWS_REGION", "")
        try:
            return msgspec.convert(values, cls, strict=False)
        except msgspec.ValidationError as error:
            raise SettingsError(f"JETBRIDGE_* environment variables: {error}") from error
