"""ministack, mended, with its handles for the host."""

from collections.abc import Mapping

from jetbridge_local.functions import FunctionPool
from jetbridge_local.functions.package import PackageStore

from . import (
    asgi,
    asynchronous,
    audit,
    capacity,
    cloudformation,
    conditions,
    events,
    functions,
    indexes,
    logs,
    loops,
    queues,
    quotas,
    scheduler,
    secrets,
    subscriptions,
    templates,
)


class InstalledSeam:
    """The emulator's application and its services, as the host uses them."""

    def __init__(self, account: str, region: str) -> None:
        for subject in (
            queues,
            events,
            asynchronous,
            scheduler,
            logs,
            subscriptions,
            conditions,
            indexes,
            templates,
            quotas,
            loops,
            capacity,
        ):
            subject.install()
        caller = asgi.ServiceCaller(account, region)
        self.application = asgi.application
        self.events = events.EventBridge()
        self.logs = logs.CloudWatchLogs(caller)
        self.secrets = secrets.Secrets(caller)

    def serve_with(self, service: str, handler: asgi.Handler) -> None:
        """Let ``handler`` answer every request to a service."""
        asgi.serve_with(service, handler)

    def register_resource_types(self, types: Mapping[str, cloudformation.ResourceType]) -> None:
        """Add or replace CloudFormation resource types. To be called once."""
        cloudformation.register(types)
        audit.install()

    def run_functions_with(self, pool: FunctionPool, packages: PackageStore) -> None:
        """Run Python functions in this pool."""
        functions.install(pool, packages)
