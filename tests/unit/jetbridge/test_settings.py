"""Settings: what the template sets is what the code reads."""

import msgspec
import pytest
from jetbridge_testing.environment import ENVIRONMENT

from jetbridge.wiring.settings import Settings, SettingsError

REQUIRED = [field.name for field in msgspec.structs.fields(Settings) if field.required]


def test_read_from_the_environment() -> None:
    settings = Settings.from_environment(ENVIRONMENT)
    assert settings.stack_key == "5f0c7a10"
    assert settings.settle_seconds == 0
    assert settings.region == "eu-central-1"
    assert settings.log_bucket == "airflow-logs"


@pytest.mark.parametrize("field", REQUIRED)
def test_missing_variable_is_named(field: str) -> None:
    name = f"JETBRIDGE_{field.upper()}"
    environment = {key: value for key, value in ENVIRONMENT.items() if key != name}
    with pytest.raises(SettingsError, match=field):
        Settings.from_environment(environment)


@pytest.mark.parametrize("field", ["settle_seconds", "check_after_seconds"])
def test_malformed_variable_is_named(field: str) -> None:
    with pytest.raises(SettingsError, match=field):
        Settings.from_environment(ENVIRONMENT | {f"JETBRIDGE_{field.upper()}": "soon"})


def test_lists_are_separated_by_commas() -> None:
    listed = {"JETBRIDGE_CLUSTER_ARNS": "a, b,", "JETBRIDGE_JOB_QUEUE_ARNS": ""}
    settings = Settings.from_environment(ENVIRONMENT | listed)
    assert settings.cluster_arns == ["a", "b"]
    assert settings.job_queue_arns == []
