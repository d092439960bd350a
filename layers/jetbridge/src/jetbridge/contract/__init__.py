"""What Jetbridge and its callers send each other: requests, answers and outcomes, as JSON. This
package needs only msgspec, so Airflow can import it without any AWS library.
"""

from jetbridge.contract.callers import (
    AirflowCaller,
    Caller,
    EventCaller,
    Kind,
    PersonCaller,
    ScheduleCaller,
    kind_of,
    own_key,
)
from jetbridge.contract.carriage import Carried, advice_on, carried, clean, read_record
from jetbridge.contract.codec import (
    ContractError,
    decode,
    decode_request,
    encode,
    to_builtins,
)
from jetbridge.contract.delivery import CreateAssetEvent, OnFinish, TriggerDagRun, Way
from jetbridge.contract.foreign import BatchJob, EcsTask, ForeignState
from jetbridge.contract.inert import inert, inert_lines
from jetbridge.contract.json_values import read
from jetbridge.contract.launched import Launched
from jetbridge.contract.moments import EpochSeconds, epoch
from jetbridge.contract.outcome import (
    Cause,
    Death,
    Fault,
    LogStream,
    Outcome,
    RunFinished,
    State,
)
from jetbridge.contract.run_ids import run_id_of
from jetbridge.contract.start import (
    CloudWatchLogTarget,
    FailurePolicy,
    LogTarget,
    S3LogTarget,
    StartAnswer,
    StartRequest,
)
from jetbridge.contract.stop import StopAnswer, StopCause, StopRequest
from jetbridge.contract.trace import TraceContext, Traceparent, trace_context
from jetbridge.contract.usage import Usage
from jetbridge.contract.waiting import Wait, Waiting
from jetbridge.contract.watch import WatchAnswer, WatchedRun, WatchRequest

__all__ = [
    "AirflowCaller",
    "BatchJob",
    "Caller",
    "Carried",
    "Cause",
    "CloudWatchLogTarget",
    "ContractError",
    "CreateAssetEvent",
    "Death",
    "EcsTask",
    "EpochSeconds",
    "EventCaller",
    "FailurePolicy",
    "Fault",
    "ForeignState",
    "Kind",
    "Launched",
    "LogStream",
    "LogTarget",
    "OnFinish",
    "Outcome",
    "PersonCaller",
    "RunFinished",
    "S3LogTarget",
    "ScheduleCaller",
    "StartAnswer",
    "StartRequest",
    "State",
    "StopAnswer",
    "StopCause",
    "StopRequest",
    "TraceContext",
    "Traceparent",
    "TriggerDagRun",
    "Usage",
    "Wait",
    "Waiting",
    "WatchAnswer",
    "WatchRequest",
    "WatchedRun",
    "Way",
    "advice_on",
    "carried",
    "clean",
    "decode",
    "decode_request",
    "encode",
    "epoch",
    "inert",
    "inert_lines",
    "kind_of",
    "own_key",
    "read",
    "read_record",
    "run_id_of",
    "to_builtins",
    "trace_context",
]
