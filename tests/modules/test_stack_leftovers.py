"""stack_leftovers: what carries the stack's tag and is named by nobody, of each kind, and nothing else."""

from __future__ import annotations

import json
from typing import Any

from tests.conftest import Lab
from tests.modules.conftest import RunModule
from tests.modules.tagging import expected_tags, tag_list

MODULE = "stack_leftovers"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}],
}
LOGS = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*"}]}
KINDS = {
    "alarm", "rule", "topic", "queue", "log-group", "definition", "repository", "pg", "certificate", "role",
    "elastic-ip", "security-group", "kms-key",
}  # fmt: skip


def make_all(lab: Lab, stack: str) -> None:
    """One of each kind that is deleted."""

    def tags(component: str) -> list[dict[str, str]]:
        return tag_list(expected_tags(stack, component))

    lab.aws("cloudwatch").put_metric_alarm(
        AlarmName=f"{stack}-old",
        Namespace="AWS/RDS",
        MetricName="CPUUtilization",
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        Tags=tags("alarm"),
    )
    topic = lab.aws("sns").create_topic(Name=f"{stack}-old", Tags=tags("topic"))["TopicArn"]
    events = lab.aws("events")
    events.put_rule(Name=f"{stack}-old", EventPattern=json.dumps({"source": ["aws.ecs"]}), Tags=tags("rule"))
    events.put_targets(Rule=f"{stack}-old", Targets=[{"Id": "topic", "Arn": topic}])
    lab.aws("sqs").create_queue(QueueName=f"{stack}-old", tags=expected_tags(stack, "queue"))
    lab.aws("logs").create_log_group(logGroupName=f"/aws/ecs/{stack}-old", tags=expected_tags(stack, "log-group"))
    lab.aws("ecs").register_task_definition(
        family=f"{stack}-old",
        containerDefinitions=[{"name": "old", "image": "old", "memory": 128}],
        tags=[{"key": key, "value": value} for key, value in expected_tags(stack, "definition").items()],
    )
    lab.aws("ecr").create_repository(repositoryName=f"{stack}/old", tags=tags("repository"))
    lab.aws("rds").create_db_parameter_group(
        DBParameterGroupName=f"{stack}-postgres14",
        DBParameterGroupFamily="postgres14",
        Description="old",
        Tags=tags("pg"),
    )
    lab.aws("acm").request_certificate(DomainName=f"{stack}.example", ValidationMethod="DNS", Tags=tags("certificate"))
    iam = lab.aws("iam")
    iam.create_role(RoleName=f"{stack}-old", AssumeRolePolicyDocument=json.dumps(TRUST), Tags=tags("role"))
    iam.put_role_policy(RoleName=f"{stack}-old", PolicyName="write", PolicyDocument=json.dumps(LOGS))
    ec2 = lab.aws("ec2")
    for kind, create, options in (
        ("elastic-ip", ec2.allocate_address, {"Domain": "vpc"}),
        ("security-group", ec2.create_security_group, {"GroupName": f"{stack}-old", "Description": "old"}),
    ):
        create(**options, TagSpecifications=[{"ResourceType": kind, "Tags": tags(kind)}])
    labels = expected_tags(stack, "kms-key")
    lab.aws("kms").create_key(Tags=[{"TagKey": key, "TagValue": value} for key, value in labels.items()])


def deleted(result: dict[str, Any]) -> set[str]:
    return {change["component"] for change in result["changes"] if change["action"] == "delete"}


def test_nothing(run_module: RunModule) -> None:
    result = run_module(MODULE)
    assert (result["changed"], result["changes"]) == (False, [])


def test_one_of_each_kind(lab: Lab, stack: str, run_module: RunModule) -> None:
    make_all(lab, stack)
    bucket = {"LocationConstraint": "ap-northeast-2"}
    lab.aws("s3").create_bucket(Bucket=stack, CreateBucketConfiguration=bucket)
    lab.aws("s3").put_bucket_tagging(Bucket=stack, Tagging={"TagSet": tag_list(expected_tags(stack, "bucket"))})
    before = len(lab.calls())
    planned = run_module(MODULE, check=True)
    assert deleted(planned) == KINDS
    assert len(planned["diff"]) == len(KINDS)
    assert not [call for call in lab.calls()[before:] if call["write"]]
    done = run_module(MODULE)
    assert "msg" not in done, done
    assert deleted(done) == KINDS
    left = run_module("stack_resources")["resources"]
    assert [found["component"] for found in left if not found["going"]] == ["bucket"]
    assert [found["component"] for found in left if found["going"]] == ["kms-key"]
    again = run_module(MODULE)
    assert (again["changed"], deleted(again)) == (False, set())


def test_another_stacks_things_stay(lab: Lab, stack: str, run_module: RunModule) -> None:
    make_all(lab, f"{stack}-2")
    assert run_module(MODULE)["changes"] == []
    assert len(run_module("stack_resources", stack=f"{stack}-2")["resources"]) == len(KINDS)


def test_a_repository_with_images_stays_unless_they_are_deleted(lab: Lab, stack: str, run_module: RunModule) -> None:
    ecr = lab.aws("ecr")
    ecr.create_repository(repositoryName=f"{stack}/old", tags=tag_list(expected_tags(stack, "repository")))
    manifest = {
        "schemaVersion": 2,
        "config": {"digest": "sha256:0"},
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
    }
    ecr.put_image(repositoryName=f"{stack}/old", imageManifest=json.dumps(manifest), imageTag="1")
    assert run_module(MODULE)["changed"] is False
    assert deleted(run_module(MODULE, delete_images=True)) == {"repository"}
    assert run_module("stack_resources")["resources"] == []


def test_what_is_gone_and_listed_still(lab: Lab, stack: str, run_module: RunModule) -> None:
    """The tagging API lists what the roles have deleted just now; IAM its roles."""
    make_all(lab, stack)
    with lab.like_aws():
        lab.aws("cloudwatch").delete_alarms(AlarmNames=[f"{stack}-old"])
        events = lab.aws("events")
        events.remove_targets(Rule=f"{stack}-old", Ids=["topic"])
        events.delete_rule(Name=f"{stack}-old")
        sqs = lab.aws("sqs")
        sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=f"{stack}-old")["QueueUrl"])
        lab.aws("logs").delete_log_group(logGroupName=f"/aws/ecs/{stack}-old")
        lab.aws("ecr").delete_repository(repositoryName=f"{stack}/old", force=True)
        lab.aws("rds").delete_db_parameter_group(DBParameterGroupName=f"{stack}-postgres14")
        result = run_module(MODULE)
    assert {"alarm", "rule", "queue", "log-group", "pg"} <= deleted(result), result
    assert deleted(run_module(MODULE)) == set()
