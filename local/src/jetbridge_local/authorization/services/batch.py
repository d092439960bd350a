"""AWS Batch.

Sources: service authorization reference, which has the job, the queue and the definition as
resources of SubmitJob; a definition that is named without a revision is authorised without one
(aws/aws-sdk-js#4280: "not authorized to perform: batch:SubmitJob on resource:
….:job-definition/my-job", with a policy for my-job:*); tags of a new job are authorised on its
definition (wri/gfw-data-api#175: "not authorized to perform: batch:TagResource on resource:
….:job-definition/…:4") and, by the reference, on the job.
"""

from collections.abc import Iterator

from ..actions import action_of
from ..model import Call, Check, ContextValue, Facts, Place
from .tags import tag_context


def checks(call: Call, place: Place, facts: Facts) -> Iterator[Check]:
    parameters, operation = call.parameters, call.operation
    action = action_of("batch", operation)
    if operation == "SubmitJob":
        given = str(parameters.get("jobDefinition", ""))
        named = _arn("job-definition", given, place)
        queue = _arn("job-queue", str(parameters.get("jobQueue", "")), place)
        job = place.arn("batch", "job/*")
        context: dict[str, ContextValue] = tag_context(parameters)
        if "shareIdentifier" in parameters:
            context["batch:ShareIdentifier"] = str(parameters["shareIdentifier"])
        for resource in (job, named, queue):
            yield Check(action, resource, context)
        if parameters.get("tags"):
            for resource in (facts.job_definition_arn(given) or named, job):
                yield Check("batch:TagResource", resource, tag_context(parameters))
    elif operation == "TerminateJobs":
        for job_id in parameters.get("jobs", ()):
            yield Check(action, _arn("job", str(job_id), place))
    elif operation in ("TerminateJob", "CancelJob"):
        yield Check(action, _arn("job", str(parameters.get("jobId", "")), place))
    else:
        yield Check(action, "*", tag_context(parameters))


def _arn(kind: str, reference: str, place: Place) -> str:
    return reference if reference.startswith("arn:") else place.arn("batch", f"{kind}/{reference}")
