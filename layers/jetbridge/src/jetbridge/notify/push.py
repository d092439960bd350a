"""``push``: the provider's endpoint in Airflow's API server resumes the waiting task."""

from jetbridge.contract import AirflowCaller, Outcome, to_builtins
from jetbridge.notify.airflow_port import Refused
from jetbridge.notify.api import Api, path_of
from jetbridge.queues.port import NotYet

# Without the header; the endpoint always sends it.
HOLD_SECONDS = 15


def push(api: Api, outcome: Outcome, caller: AirflowCaller) -> str:
    """Post the outcome to the try that waits for it. Returns the result in words.

    Posting it again is harmless: the answer for a try that no longer waits is 409 or 410.

    Raises:
        NotYet: the try isn't deferred yet, or was a moment ago.
        Unavailable, Refused: as ``Api.call``.
    """
    path = path_of("jetbridge", "v1", "task-instances", caller.ti_id, "outcome")
    body = {"try_number": caller.try_number, "outcome": to_builtins(outcome)}
    answer = api.call("POST", path, body, known=(404, 405, 409, 410, 425))
    match answer.status:
        case 425:
            wait = HOLD_SECONDS if answer.retry_after is None else answer.retry_after
            raise NotYet("the try was deferred only a moment ago", round(wait))
        case 404 | 405:
            raise Refused(
                f"Airflow {api.name!r} answers {answer.status} to POST {path}: install "
                "airflow-provider-jetbridge where its API server runs, or check the secret's url"
            )
        case 409:
            return "no longer waiting"
        case 410:
            return "gone"
    if not isinstance(answer.body, dict) or answer.body.get("status") != "resumed":
        raise Refused(
            f"Something other than Jetbridge's endpoint answers POST {path} of Airflow "
            f"{api.name!r}: check the secret's url, and any proxy in front of the API server"
        )
    return "resumed"
