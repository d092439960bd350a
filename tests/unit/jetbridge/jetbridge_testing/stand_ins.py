"""Stand-ins in the place of AWS clients."""

from typing import Any


def as_client(stand_in: object) -> Any:
    """The stand-in, where a client of any service is expected.

    The types of the clients (mypy-boto3) have every call of a service. A stand-in has only the
    calls that its test makes.
    """
    return stand_in
