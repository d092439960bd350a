"""What a team's DAGs share: an operator of their own, made for the amazon provider's."""

from airflow.providers.amazon.aws.operators.ecs import EcsRunTaskOperator


class TeamOperator(EcsRunTaskOperator):
    """Sets what the team always sets, and looks at the end."""

    template_fields = (*EcsRunTaskOperator.template_fields, "team")

    def __init__(self, *, team: str, **keywords) -> None:
        super().__init__(cluster="cluster", launch_type="FARGATE", **keywords)
        self.team = team

    def execute(self, context):
        self.tags = {"team": self.team}
        return super().execute(context)

    def execute_complete(self, context, event=None):
        result = super().execute_complete(context, event)
        self.log.info("team %s saw %s of %s", self.team, event["status"], self.arn)
        return result


class TellsAfterwards(EcsRunTaskOperator):
    """Works behind the end, which a deferred task never reaches."""

    def execute(self, context):
        result = super().execute(context)
        self.log.info("afterwards")
        return result
