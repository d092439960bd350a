"""What the stack lets its callers ask for."""

from dataclasses import dataclass

from jetbridge.contract import ContractError, StartRequest

# startedBy and clientToken carry Jetbridge's own key; another count than 1 would launch what
# nobody tracks.
_OURS = {"run_task": {"startedBy": None, "clientToken": None, "count": 1}, "submit_job": {}}
_REQUIRED = {
    "run_task": ("taskDefinition",),
    "submit_job": ("jobName", "jobQueue", "jobDefinition"),
}


@dataclass(frozen=True)
class Policy:
    """The configured log bucket and key prefix; no bucket: no log may be copied."""

    log_bucket: str = ""
    log_prefix: str = ""

    def check(self, request: StartRequest) -> None:
        """Refuse what can't be run or isn't allowed, before anything is written.

        Raises:
            ContractError: names the field, what is wrong, and what to do.
        """
        if (request.run_task is None) == (request.submit_job is None):
            problem = "and submit_job are both " + ("given" if request.run_task else "missing")
            raise ContractError("run_task", problem, "Give exactly one of the two")
        field = "run_task" if request.run_task is not None else "submit_job"
        parameters = request.parameters
        for name in _REQUIRED[field]:
            if not parameters.get(name):
                raise ContractError(f"{field}.{name}", "is missing", "AWS needs it: name it")
        for name, harmless in _OURS[field].items():
            if parameters.get(name) != harmless and name in parameters:
                raise ContractError(f"{field}.{name}", "is Jetbridge's own to set", "Leave it out")
        self._check_log_target(request)

    def _check_log_target(self, request: StartRequest) -> None:
        target = request.log_target
        if target is None:
            return
        if not self.log_bucket or target.bucket != self.log_bucket:
            raise ContractError(
                "log_target.bucket",
                f"is {target.bucket!r}, this stack writes to {self.log_bucket or 'no bucket'!r}",
                "Deploy the stack with AirflowLogBucket set to Airflow's log bucket",
            )
        if not target.key_prefix.startswith(self.log_prefix):
            raise ContractError(
                "log_target.key_prefix",
                f"is outside {self.log_prefix!r}",
                "Deploy the stack with AirflowLogPrefix set to Airflow's log prefix",
            )
