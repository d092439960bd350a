"""The policy: for each cause, whose fault it is and what happens to the run."""

from enum import StrEnum

from msgspec import Struct

from jetbridge.contract import Cause, Fault

# Increase it with every change of the table or its sentences. Each outcome says which version
# judged it.
POLICY_VERSION = 4


class Decision(StrEnum):
    """What happens to a run whose launch died.

    ``relaunch`` uses one of the run's ``infra_retries``. ``wait`` relaunches without using one,
    until the run's timeout, or for an hour if it has none. ``fail`` ends the run.
    """

    RELAUNCH = "relaunch"
    WAIT = "wait"
    FAIL = "fail"


class Policy(Struct, frozen=True):
    """Attributes:
    back_off: seconds before the first relaunch; each further one waits twice as long.
    longest: seconds that it never exceeds.
    spot_fall_back: where the caller asked for it, the next launch leaves FARGATE_SPOT.
    """

    fault: Fault
    decision: Decision
    advice: str
    back_off: int = 0
    longest: int = 0
    spot_fall_back: bool = False


POLICY = {
    Cause.COMPLETED: Policy(Fault.NOBODY, Decision.FAIL, ""),
    Cause.APPLICATION_EXIT: Policy(Fault.JOB, Decision.FAIL, "The job failed: its log says why."),
    Cause.OUT_OF_MEMORY: Policy(
        Fault.JOB, Decision.FAIL, "Give the container more memory, or let it use less."
    ),
    Cause.IMAGE_NOT_FOUND: Policy(
        Fault.CONFIGURATION,
        Decision.FAIL,
        "Check the image's name, tag and platform, and that the execution role may pull it.",
    ),
    Cause.IMAGE_PULL: Policy(
        Fault.PLATFORM,
        Decision.RELAUNCH,
        "The registry did not deliver the image in time: check the subnet's way to it and the "
        "registry's rate limits.",
        back_off=20,
        longest=120,
    ),
    Cause.SPOT_INTERRUPTION: Policy(
        Fault.PLATFORM,
        Decision.RELAUNCH,
        "Spot took its capacity back: run it on FARGATE, or ask for spot_fall_back.",
        back_off=5,
        longest=60,
        spot_fall_back=True,
    ),
    Cause.HOST_LOSS: Policy(
        Fault.PLATFORM,
        Decision.RELAUNCH,
        "AWS lost the host or could not prepare it: run it again.",
        back_off=10,
        longest=120,
    ),
    Cause.CAPACITY: Policy(
        Fault.PLATFORM,
        Decision.WAIT,
        "AWS had no room: run it later, in other subnets, or with less CPU and memory; or raise "
        "the quota.",
        back_off=15,
        longest=240,
        spot_fall_back=True,
    ),
    Cause.NETWORK_SETUP: Policy(
        Fault.PLATFORM,
        Decision.RELAUNCH,
        "The task's network could not be set up in time: check the subnet's free addresses and "
        "its way to AWS's endpoints.",
        back_off=20,
        longest=120,
    ),
    Cause.MISCONFIGURATION: Policy(
        Fault.CONFIGURATION,
        Decision.FAIL,
        "Correct what AWS's message names: definition, command, roles, secrets, log group, "
        "network, queue or cluster.",
    ),
    Cause.TIMEOUT: Policy(
        Fault.JOB,
        Decision.FAIL,
        "It ran longer than its timeout: raise the timeout, or make the job faster.",
    ),
    Cause.STOPPED_BY_USER: Policy(Fault.USER, Decision.FAIL, ""),
    Cause.LOST: Policy(
        Fault.PLATFORM,
        Decision.FAIL,
        "AWS no longer knows this launch; look for it in the console before you run it again.",
    ),
    Cause.UNCLASSIFIED: Policy(
        Fault.PLATFORM, Decision.FAIL, "No rule knows this ending: read AWS's reason."
    ),
}
