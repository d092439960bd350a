"""Where a stack lets its callers have container logs copied."""

from msgspec import Struct

from jetbridge.contract import CloudWatchLogTarget, ContractError, LogTarget, S3LogTarget


class LogTargets(Struct, frozen=True):
    """Attributes:
    bucket, prefix: S3 objects below them; no bucket: none. A prefix without a final slash is read
        as if it had one, here and in IAM: ``airflow-logs`` doesn't allow ``airflow-logs-2``.
    group: streams of this CloudWatch Logs group; none: none.
    """

    bucket: str = ""
    prefix: str = ""
    group: str = ""

    def check(self, target: LogTarget | None) -> None:
        """Refuse a target that is neither below the bucket's prefix nor in the group.

        Raises:
            ContractError: names the field, what is wrong, and what to do.
        """
        match target:
            case S3LogTarget():
                self._check_s3(target)
            case CloudWatchLogTarget():
                self._check_cloudwatch(target)

    def _check_s3(self, target: S3LogTarget) -> None:
        if not self.bucket or target.bucket != self.bucket:
            raise ContractError(
                "log_target.bucket",
                f"is {target.bucket!r}, this stack writes to {self.bucket or 'no bucket'!r}",
                "Deploy the stack with AirflowLogBucket set to Airflow's log bucket",
            )
        folder = self.prefix.rstrip("/") + "/" if self.prefix else ""
        if not target.key_prefix.startswith(folder):
            raise ContractError(
                "log_target.key_prefix",
                f"is outside {folder!r}",
                "Deploy the stack with AirflowLogPrefix set to Airflow's log prefix",
            )

    def _check_cloudwatch(self, target: CloudWatchLogTarget) -> None:
        if not self.group or target.group != self.group:
            raise ContractError(
                "log_target.group",
                f"is {target.group!r}, this stack writes to {self.group or 'no log group'!r}",
                "Deploy the stack with AirflowLogGroup set to the group of Airflow's task logs",
            )
