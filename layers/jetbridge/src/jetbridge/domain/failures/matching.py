"""The cause of an ending, found in AWS's own words.

Sources: "Amazon ECS stopped tasks error messages", "Stopped tasks error codes",
"CannotPullContainer task errors", "Amazon ECS API failure reasons" (Amazon ECS developer guide);
the errors of RunTask and SubmitJob (API references); "Job states", "Jobs stuck in RUNNABLE" and
"Troubleshooting AWS Batch" (AWS Batch user guide).
"""

import re
from collections.abc import Iterable

from jetbridge.contract import Cause

# The first pattern that is found in the code or in any reason decides, so that what is certain
# comes before what is broad.
_PATTERNS = (
    (Cause.OUT_OF_MEMORY, r"OutOfMemory|\bOOM"),
    (
        Cause.SPOT_INTERRUPTION,
        r"SpotInterruption|Spot Task was interrupted|TerminationNotice|"
        r"[Ss]pot (instance )?(interruption|capacity .*reclaimed)",
    ),
    (
        Cause.HOST_LOSS,
        r"Host EC2 .*(terminated|stopped)|InfrastructureHealth|"
        r"(container )?instance .*(has been )?(deregistered|terminated)|"
        r"infrastructure maintenance|Task .*disconnected|"
        r"EphemeralStorage provisioning|InternalError|Internal error",
    ),
    (
        Cause.NETWORK_SETUP,
        r"[Nn]etwork [Ii]nterface|InsufficientFreeAddresses|\bENI provisioning|"
        r"unable to (pull secrets|retrieve secret|pull registry auth)[\s\S]*"
        r"(timeout|timed out|deadline|connection reset|retry)|"
        r"failed to (download env files|validate logger args)[\s\S]*"
        r"(timeout|timed out|deadline|connection reset)",
    ),
    (
        Cause.CAPACITY,
        r"^RESOURCE:|: ?RESOURCE:|CAPACITY:|[Cc]apacity is unavailable|LimitExceeded|"
        r"reached the limit on the number of|INSUFFICIENT_INSTANCE_CAPACITY|"
        r"^AGENT$|No Container Instances were found|"
        r"unable to place a task|no container instance met all",
    ),
    (
        Cause.IMAGE_NOT_FOUND,
        r"(CannotPull|pull)[\s\S]*(manifest unknown|not found|does not exist|denied|forbidden|"
        r"no basic auth|invalid reference|no matching manifest|platform|no such image|"
        r"manifest for .* not)",
    ),
    (Cause.MISCONFIGURATION, r"no space left on device"),
    (Cause.IMAGE_PULL, r"CannotPull|pull image manifest|toomanyrequests"),
    (Cause.TIMEOUT, r"duration exceeded timeout"),
    (
        Cause.MISCONFIGURATION,
        r"ResourceInitialization|CannotStartContainer|CannotCreateContainer|CannotCreateVolume|"
        r"MISCONFIGURATION|ACTION_REQUIRED|ContainerRuntimeError|TaskFailedToStart: ATTRIBUTE|"
        r"^(ATTRIBUTE|LOCATION|MISSING|INACTIVE)$|AccessDenied|UnauthorizedException|"
        r"ValidationException|ClientException|InvalidParameter|NotFoundException|"
        r"BlockedException|PlatformUnknown|PlatformTaskDefinitionIncompatibility|"
        r"UnsupportedFeature|UnrecognizedClient|InvalidSignature|ExpiredToken|NoCredentials",
    ),
    (
        Cause.HOST_LOSS,
        r"(ContainerRuntime|Docker)TimeoutError|CannotInspectContainer|CannotStopContainer|"
        r"DockerStateError|Timeout waiting for|Task provisioning failed",
    ),
    (Cause.APPLICATION_EXIT, r"Array Child Job failed|Dependent Job failed|health checks"),
)


def cause_in(texts: Iterable[str]) -> Cause | None:
    """The cause that AWS's code and reasons name; None if no pattern knows them."""
    known = [text for text in texts if text]
    for cause, pattern in _PATTERNS:
        if any(re.search(pattern, text) for text in known):
            return cause
    return None
