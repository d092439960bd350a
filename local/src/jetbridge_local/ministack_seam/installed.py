"""ministack, patched, with its handles for the host."""

from collections.abc import Mapping

from jetbridge_local.authorization.model import Place
from jetbridge_local.authorization.verdicts import VerdictLog
from jetbridge_local.functions import FunctionPool
from jetbridge_local.functions.package import PackageStore

from . import (
    asgi,
    asynchronous,
    audit,
    boundaries,
    capacity,
    cloudformation,
    conditions,
    events,
    facts,
    functions,
    identities,
    indexes,
    logs,
    loops,
    names,
    query_definitions,
    queues,
    quotas,
    roles,
    scheduler,
    secrets,
    simulation,
    subscriptions,
    templates,
)


class InstalledSeam:
    """The emulator's application and its services, as the host uses them."""

    def __init__(self, account: str, region: str) -> None:
        self.identities = identities.Identities(account, region)
        self.verdicts = VerdictLog()
        self.roles = roles.Roles(self.identities, self.verdicts, Place(account, region))
        for asking in (queues, events, asynchronous, scheduler, subscriptions):
            asking.install(self.roles)
        for subject in (logs, conditions, indexes, boundaries, templates, quotas, loops, capacity):
            subject.install()
        for added in (simulation, query_definitions, names):
            added.install()
        caller = asgi.ServiceCaller(account, region)
        self.application = asgi.application
        self.events = events.EventBridge()
        self.logs = logs.CloudWatchLogs(caller)
        self.secrets = secrets.Secrets(caller)
        self._place = (account, region)

    def facts(self, ecs: facts.Handle, batch: facts.Handle) -> facts.CloudFacts:
        """What IAM is asked about and requests don't say; of the engines' ``handle``."""
        return facts.CloudFacts(*self._place, ecs, batch)

    def serve_with(self, service: str, handler: asgi.Handler) -> None:
        """Let ``handler`` answer every request to a service."""
        asgi.serve_with(service, handler)

    def register_resource_types(self, types: Mapping[str, cloudformation.ResourceType]) -> None:
        """Add or replace CloudFormation resource types. To be called once."""
        cloudformation.register(types)
        audit.install()

    def run_functions_with(self, pool: FunctionPool, packages: PackageStore) -> None:
        """Run Python functions in this pool."""
        functions.install(pool, packages, self.roles)
