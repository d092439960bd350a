"""AWS's sentences and codes, and the cause that each names. The first one found decides.

Sources: "Amazon ECS stopped tasks error messages" and the pages that it links to, one for each
error; "Amazon ECS API failure reasons"; "AWS Fargate task retirement" (Amazon ECS developer
guide); the names and texts of errors in aws/amazon-ecs-agent (dockerclient/dockerapi/errors.go,
engine/errors.go, api/errors, errormessages, dependencygraph); the errors of RunTask and SubmitJob
(API references); "Job states", "Jobs stuck in RUNNABLE", "Job queue blocked" (AWS Batch user
guide). ``pods`` has those of Kubernetes. events/shapes.json has examples with their source.
"""

from jetbridge.contract import Cause
from jetbridge.failures import pods
from jetbridge.failures.words import NAME

NOT_STARTED = "Task failed to start"


def _code(names: str) -> str:
    """A code where AWS puts one: alone at the beginning, or before what it is about."""
    return rf"^(?:{names})(?=[:.;,]|$)|[:;.] (?:{names}): (?=\S)"


def _of(codes: str, words: str) -> str:
    """One of the words, in a text with one of the codes."""
    return rf"(?s)(?:{codes}).*(?:{words})"


# RunTask's failures name them alone, stopped tasks behind "TaskFailedToStart:".
def _place(reasons: str) -> str:
    return rf"^(?:TaskFailedToStart: ?|RunTask failed: ?)?(?:{reasons})(?=[.: ]|$)"


_PULL = (
    _code(
        r"CannotPull\w*|ErrImagePull|ImagePullBackOff|RegistryUnavailable|ErrImageNeverPull|"
        "ImageInspectError"
    )
    + "|pull image manifest has been|inspect image has been|ref pull has been|pull command failed"
    + r"|Back-off pulling|[Tt]he task can(?:'t|\u2019t|not) pull "
    + f"(?:the image|{NAME} from the Amazon ECR)"
)
_PREPARE = _code("ResourceInitializationError|ResourceNotFoundException")
_UNREACHABLE = (
    r"[Tt]imeout exceeded|i/o timeout|handshake timeout|[Cc]onnection timed out|deadline exceeded|"
    r"context cancell?ed|request cancell?ed|reset by peer|connection refused|"
    r"send request failed|There is a connection issue|Check your (?:task )?network|"
    r"unexpected EOF|no such host|signal: killed|exceeded maximum number of attempts"
)
# Errors that pass ("Common Error Types" in the API references of the services that prepare tasks).
_BUSY = (
    r"Throttling\w*Exception|TooManyRequestsException|Rate exceeded|"
    r"(?:InternalService|InternalServer|ServiceUnavailable)\w*(?:Error|Exception)"
)
_NOT_ALLOWED = (
    r"not authorized to perform|AccessDenied\w*: |"
    r": (?:UnauthorizedOperation|AuthFailure|TagPolicyViolation|Invalid\w+\.NotFound)"
)

SENTENCES: tuple[tuple[Cause, str], ...] = (
    # botocore's, which holds values of the request.
    (Cause.MISCONFIGURATION, r"^Parameter validation failed:"),
    (
        Cause.OUT_OF_MEMORY,
        _code(r"OutOfMemory(?:Error)?|OOMKilled") + r"|[Cc]ontainer killed due to memory usage",
    ),
    (
        Cause.SPOT_INTERRUPTION,
        _code(r"SpotInterruption(?:Error)?|TerminationNotice")
        + r"|^(?:Your )?Spot Task was interrupted|Spot [Ii]nstance interruption|"
        r"^Spot interruption(?: of| notice|\.|$)",
    ),
    (
        Cause.MISCONFIGURATION,
        f"{pods.NEVER_ADMITTED}|" + _code(pods.NEVER_ADMITTED_CODES),
    ),
    (
        Cause.HOST_LOSS,
        r"^Host EC2 .*(?:terminated|stopped)|"
        r"the underlying infrastructure hosting|underlying infrastructure maintenance|"
        + _code(f"InfrastructureHealth|InternalError|InternalFailure|{pods.HOST_CODES}")
        + r"|^Internal (?:server )?error(?: occurred)?(?=[.:]|$)|"
        r"[Cc]ontainer instance .*(?:has been )?(?:deregistered|terminated)(?! by user)|"
        r"^The container instance .* DRAINING|"
        r"^Task \(?\w+\)? disconnected|EphemeralStorage provisioning|" + pods.HOST,
    ),
    (Cause.MISCONFIGURATION, _of("EC2 error while attempting to", _NOT_ALLOWED)),
    (
        Cause.NETWORK_SETUP,
        r"^Network interface attachment|network interface provisioning|"
        r"EC2 error while attempting to|\bENI provisioning|"
        rf"attach network interface to unused device|{pods.NETWORK}|"
        + _code("ContainerNetworkingError"),
    ),
    (Cause.NETWORK_SETUP, _of("failed to initialize logging driver", _UNREACHABLE)),
    (
        Cause.HOST_LOSS,
        _of(
            r"Error retrieving (?:subnet|security group) information",
            r"Unable to execute HTTP request|Error ?Code: (?:Unavailable|InternalError|"
            rf"ServiceUnavailable)|{_UNREACHABLE}",
        )
        # ECS makes the role with an account's first cluster, and has been seen to be late.
        + "|Unable to assume the service linked role",
    ),
    (
        Cause.CAPACITY,
        _place(r"RESOURCE:[A-Z_*]+|AGENT|EMPTY CAPACITY PROVIDER|NO ACTIVE INSTANCES")
        + r"|(?:^|due to reason: )CAPACITY:|[Cc]apacity is unavailable at this time|"
        + _code(
            r"LimitExceeded(?:Exception)?|InsufficientInstanceCapacity|UnfulfillableCapacity|"
            r"VcpuLimitExceeded|MaxSpotInstanceCountExceeded|InstanceLimitExceeded"
        )
        + r"|reached the limit (?:on|of) (?:the )?number of|"
        r"Tasks provisioning capacity limit exceeded|No Container Instances were found|"
        r"configuration is above your limit|unable to place a task|"
        r"no container instance met all|do not have sufficient \S+ capacity|"
        r"insufficient capacity to service the job|"
        rf"[Dd]istinctInstance placement constraint unsatisfied|{pods.CAPACITY}",
    ),
    (
        Cause.MISCONFIGURATION,
        r"Container Overrides length must be|"
        r"[Uu]nable to assume (?:the|your) "
        r"(?:configured ECS Infrastructure |service linked )?[Rr]ole|"
        "MemberOf placement constraint unsatisfied|"
        r"(?:^|due to reason: )MISCONFIGURATION:|^ACTION_REQUIRED|"
        + _place("ATTRIBUTE|LOCATION|MISSING|INACTIVE"),
    ),
    (Cause.MISCONFIGURATION, _of(_PREPARE, "EFS utils")),
    (Cause.NETWORK_SETUP, _of(_PREPARE, _UNREACHABLE + "|failed to configure ENI")),
    (Cause.HOST_LOSS, _of(_PREPARE, _BUSY)),
    (Cause.MISCONFIGURATION, _PREPARE),
    (
        Cause.IMAGE_PULL,
        _of(
            _PULL,
            _UNREACHABLE + r"|toomanyrequests: (?=[A-Z])|Too Many Requests|pull rate limit|"
            r"50\d (?:Internal|Bad|Service|Gateway)",
        ),
    ),
    (
        Cause.MISCONFIGURATION,
        _of(_PULL, r"no space left on device|credentials: not found|x509: certificate"),
    ),
    (
        Cause.IMAGE_NOT_FOUND,
        _of(
            _PULL,
            r"manifest unknown|name unknown|not found|does not exist|pull access denied|"
            r"access to the resource is denied|no basic auth credentials|403 Forbidden|"
            r"401 Unauthorized|404 Not Found|invalid reference format|no matching manifest|"
            r"(?:matching|match for) platform|not match the specified platform|"
            r"[Nn]o such image|Check whether the image exists|find a repo digest|"
            r"unauthorized: |incorrect username or password|authorization failed|"
            r"RepositoryNotFoundException|ImageNotFoundException|: (?:denied|unauthorized)$|"
            r"authorization token has expired|verify that the image URI is correct",
        )
        + "|"
        + _code("InvalidImageName|ErrImageNeverPull"),
    ),
    (
        Cause.MISCONFIGURATION,
        _of(_PULL, _NOT_ALLOWED + r"|role has the permissions"),
    ),
    (Cause.IMAGE_PULL, _PULL + r"|^(?:ERROR: )?toomanyrequests|reached your pull rate limit"),
    (
        Cause.TIMEOUT,
        rf"^Job attempt duration exceeded timeout|{pods.TIMEOUT}|" + _code("DeadlineExceeded"),
    ),
    (
        Cause.HOST_LOSS,
        _of(
            _code(
                r"Cannot(?:Create|Start)ContainerError|(?:Create|Run)ContainerError|"
                "ContainerRuntimeError"
            ),
            "context deadline exceeded|Cannot connect to the Docker daemon",
        ),
    ),
    (
        Cause.APPLICATION_EXIT,
        r"^Array Child Job failed|^Dependent Job failed|failed (?:container|ELB) health checks|"
        r"dependency did not exit successfully|container ordering dependency .* timed out|"
        rf"{pods.EXITED}|" + _code(pods.EXITED_CODES),
    ),
    (
        Cause.MISCONFIGURATION,
        _code(
            r"CannotStartContainerError|CannotCreateContainerError|CannotCreate\w*VolumeError|"
            r"CannotCreateVolumeError|CannotInspectVolumeError|ContainerRuntimeError|"
            r"InvalidVolumeError|HostConfigError|DockerClientConfigError|TaskDependencyError|"
            rf"{pods.MISCONFIGURED_CODES}|CannotListPluginsError|"
            r"\w*(?:AccessDenied|Unauthorized|Validation|Client|InvalidParameter|NotFound|Blocked|"
            r"PlatformUnknown|PlatformTaskDefinitionIncompatibility|UnsupportedFeature)Exception|"
            r"AccessDenied|UnrecognizedClient\w*|InvalidSignature\w*|ExpiredToken\w*|"
            r"InvalidClientTokenId|NoCredentials\w*"
        )
        + r"|not compatible with the selected compute strategy|ECS failed to set up the EBS volume|"
        rf"ECS timed out while configuring the EBS volume|{pods.MISCONFIGURED}|"
        r"No launch type to fall back to|Job [Qq]ueue [Dd]eleted",
    ),
    (
        Cause.HOST_LOSS,
        _code(
            r"(?:ContainerRuntime|Docker)TimeoutError|Cannot(?:Inspect|Stop|Describe|Remove)"
            r"ContainerError|DockerStateError|ContainerVanishedError|NoSuchContainerError|"
            r"CannotListContainersError|CannotGetDocker\w+|TaskStateError|"
            r"ImpossibleStateTransitionError|TaskStoppedBeforePullBeginError"
        )
        + r"|Task provisioning failed|timed out after waiting",
    ),
    # ECS could not prepare the task, and no container says why: most often its network interface
    # (apache/airflow#15000, aws/amazon-ecs-agent#1654).
    (Cause.HOST_LOSS, rf"^{NOT_STARTED}\.?$"),
)
