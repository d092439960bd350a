"""A site's operators: their own keywords, template fields, class statements and hooks."""

from abc import abstractmethod
from dataclasses import dataclass

from airflow.providers.amazon.aws.operators.batch import BatchOperator
from airflow.providers.amazon.aws.operators.ecs import EcsRunTaskOperator as Stock


@dataclass
class Size:
    cpu: int
    memory: int


class Dbt(Stock):
    """Makes its overrides when it starts."""

    template_fields = tuple({*Stock.template_fields, "select"})
    custom_operator_name = "dbt"

    def __init__(self, *, select, target="prod", **keywords):
        keywords.setdefault("cluster", "analytics")
        keywords.setdefault("task_definition", "dbt")
        super().__init__(overrides={}, **keywords)
        self.select = select
        self.target = target

    def command(self):
        return ["dbt", "run", "--select", self.select, "--target", self.target]

    def execute(self, context):
        self.overrides = {"containerOverrides": [{"name": "dbt", "command": self.command()}]}
        return super(Dbt, self).execute(context)  # noqa: UP008 as sites write it


class DbtTest(Dbt):
    def command(self):
        return ["dbt", "test", "--select", self.select]

    def on_kill(self):
        self.log.warning("killed")
        super().on_kill()

    def post_execute(self, context, result=None):
        self.log.info("afterwards %s", result)


class Sized(Stock):
    """An abstract base whose classes have a keyword in their class statement."""

    def __init_subclass__(cls, flavour="none", **keywords):
        super().__init_subclass__(**keywords)
        cls.flavour = flavour

    def __init__(self, *, size: Size, arguments=(), **keywords):
        self.size = size
        self.arguments = list(arguments)
        super().__init__(
            cluster="c", task_definition=self.family(), overrides=self.made(), **keywords
        )

    @abstractmethod
    def family(self): ...

    def made(self):
        container = {"name": "main", "command": self.arguments}
        needs = {"cpu": str(self.size.cpu), "memory": str(self.size.memory)}
        return needs | {"containerOverrides": [container]}

    def render_template_fields(self, context, jinja_env=None):
        super().render_template_fields(context, jinja_env)
        environment = [{"name": "FLAVOUR", "value": self.flavour}]
        self.overrides["containerOverrides"][0]["environment"] = environment


class Spark(Sized, flavour="hot"):
    def family(self):
        return "spark"


class Audit:
    """A mixin in front."""

    def pre_execute(self, context):
        self.log.info("audit begins")
        return super().pre_execute(context)


class AuditedJob(Audit, BatchOperator):
    def __init__(self, *, cost_center, **keywords):
        keywords["tags"] = {"cost": cost_center}
        super().__init__(job_queue=f"q-{cost_center}", **keywords)

    def execute_complete(self, context, event=None):
        job_id = super().execute_complete(context, event)
        return {"job": job_id, "told": event["job_id"], "status": event["status"]}


class SkipsBadImages(Stock):
    """Has a try around the start, so it stays."""

    def execute(self, context):
        try:
            return super().execute(context)
        finally:
            self.log.info("done")


class Dry(Stock):
    def execute(self, context):
        if context["params"].get("dry"):
            return "dry"
        return super().execute(context=context)
