"""All checks, in the order of the report."""

from collections.abc import Callable, Iterator, Mapping

from jetbridge_cli.doctor.checks import (
    airflow,
    alarms,
    callers,
    changes,
    containers,
    events,
    functions,
    jobs,
    messages,
    permissions,
    places,
    stack,
)
from jetbridge_cli.doctor.deployment import Deployment
from jetbridge_cli.doctor.finding import Result

Check = Callable[[Deployment], Iterator[Result]]

CHECKS: Mapping[str, Check] = {
    "stack": stack.state,
    "versions": stack.versions,
    "clock": stack.clock,
    "rules": events.rules,
    "schedules": events.schedules,
    "mappings": events.mappings,
    "functions": functions.functions,
    "variables": changes.variables,
    "event patterns": changes.patterns,
    "dead-letter queues": changes.dead_letter_queues,
    "reserved concurrency": functions.reserved,
    "concurrency": functions.concurrency,
    "aliases": callers.aliases,
    "failures": callers.failures,
    "live logs": callers.relaying,
    "tables": functions.tables,
    "log groups of functions": functions.log_groups,
    "dead letters": messages.dead_letters,
    "queues": messages.ages,
    "alarms": alarms.alarms,
    "permissions": permissions.roles,
    "trust": permissions.trust,
    "clusters": containers.clusters,
    "task definitions": containers.task_definitions,
    "job queues": jobs.job_queues,
    "job definitions": jobs.job_definitions,
    "buckets": places.buckets,
    "KMS keys": places.keys,
    "log groups": places.groups,
    "subnets": places.subnets,
    "Airflow": airflow.airflows,
    "triggerer": stack.feed,
}
