"""People and programs that may use an Airflow, with Airflow's own simple auth manager."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Role = Literal["viewer", "user", "op", "admin"]


@dataclass(frozen=True)
class User:
    """``role`` is one of the simple auth manager's, each of which can do what those before it can
    (airflow/api_fastapi/auth/managers/simple/simple_auth_manager.py)."""

    name: str
    role: Role
    password: str


def options(users: Iterable[User], passwords: Path) -> dict[str, str]:
    """The variables of an Airflow that knows these users; nobody else has any rights."""
    names = ",".join(f"{user.name}:{user.role}" for user in users)
    return {
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": names,
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
    }


def write_passwords(users: Iterable[User], passwords: Path) -> None:
    """Airflow reads the file at each login, so a password can change while it runs."""
    passwords.write_text(json.dumps({user.name: user.password for user in users}))
