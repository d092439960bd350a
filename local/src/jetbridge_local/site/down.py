"""Ends what an earlier site left running: `make up`, KEEP=1, or a demo that was killed."""

from jetbridge_local import cloud
from jetbridge_local.processes import ProcessTable
from jetbridge_local.site.paths import Paths
from jetbridge_local.state import StateFolder


def take_down(paths: Paths) -> None:
    """End every process that is on record, and nothing else."""
    cloud.stop(StateFolder(paths.cloud))
    for folder in (
        paths.processes,
        paths.airflow_home.with_name(f"{paths.airflow_home.name}-processes"),
    ):
        ProcessTable(folder).end_orphans()
