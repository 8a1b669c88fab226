"""What somebody changed by hand is found by the drift report, field by field, and put right by the next run."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Lab
from tests.integration.playbook import Played, play

STACK = "triflow-drift"
BUCKET = "triflow-ai-drift"
LOG_GROUP = f"/aws/ecs/{STACK}-backend"
OPEN = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def one(lab: Lab, operation: str, key: str, component: str) -> dict[str, Any]:
    """The one thing of the network that carries the component's tag."""
    filters = [
        {"Name": "tag:triflow:stack", "Values": [STACK]},
        {"Name": "tag:triflow:component", "Values": [component]},
    ]
    (found,) = getattr(lab.aws("ec2"), operation)(Filters=filters)[key]
    return dict(found)


def vpc(lab: Lab) -> None:
    identifier = one(lab, "describe_vpcs", "Vpcs", "vpc")["VpcId"]
    lab.aws("ec2").modify_vpc_attribute(VpcId=identifier, EnableDnsHostnames={"Value": False})


def subnet(lab: Lab) -> None:
    identifier = one(lab, "describe_subnets", "Subnets", "subnet-private-c")["SubnetId"]
    lab.aws("ec2").create_tags(Resources=[identifier], Tags=[{"Key": "Name", "Value": "mine"}])


def route_table(lab: Lab) -> None:
    table = one(lab, "describe_route_tables", "RouteTables", "route-table-private-a")
    lab.aws("ec2").delete_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0")


def security_group(lab: Lab) -> None:
    group = one(lab, "describe_security_groups", "SecurityGroups", "security-group-rds")
    rule = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{"CidrIp": "203.0.113.7/32"}]}
    lab.aws("ec2").authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[rule])


def bucket(lab: Lab) -> None:
    lab.aws("s3").put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})


def lifecycle(lab: Lab) -> None:
    s3 = lab.aws("s3")
    rules = s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    s3.put_bucket_lifecycle_configuration(
        Bucket=BUCKET,
        LifecycleConfiguration={"Rules": [rule for rule in rules if rule["ID"] != "category-logs"]},
        TransitionDefaultMinimumObjectSize="varies_by_storage_class",
    )


def database(lab: Lab) -> None:
    lab.aws("rds").modify_db_instance(
        DBInstanceIdentifier=f"{STACK}-db", DeletionProtection=False, BackupRetentionPeriod=1, ApplyImmediately=True
    )


def parameter_group(lab: Lab) -> None:
    lab.aws("rds").modify_db_parameter_group(
        DBParameterGroupName=f"{STACK}-postgres14",
        Parameters=[{"ParameterName": "rds.force_ssl", "ParameterValue": "0", "ApplyMethod": "immediate"}],
    )


def balancer_arn(lab: Lab) -> str:
    (balancer,) = lab.aws("elbv2").describe_load_balancers(Names=[STACK])["LoadBalancers"]
    return str(balancer["LoadBalancerArn"])


def load_balancer(lab: Lab) -> None:
    lab.aws("elbv2").modify_load_balancer_attributes(
        LoadBalancerArn=balancer_arn(lab), Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "7"}]
    )


def listener(lab: Lab) -> None:
    elbv2 = lab.aws("elbv2")
    listeners = elbv2.describe_listeners(LoadBalancerArn=balancer_arn(lab))["Listeners"]
    (arn,) = [found["ListenerArn"] for found in listeners if found["Port"] == 443]
    elbv2.modify_listener(ListenerArn=arn, SslPolicy="ELBSecurityPolicy-2016-08")


def target_group(lab: Lab) -> None:
    elbv2 = lab.aws("elbv2")
    (group,) = elbv2.describe_target_groups(Names=[f"{STACK}-backend"])["TargetGroups"]
    elbv2.modify_target_group(TargetGroupArn=group["TargetGroupArn"], HealthCheckPath="/mine")


def record(lab: Lab) -> None:
    route53 = lab.aws("route53")
    (zone,) = route53.list_hosted_zones_by_name(DNSName=f"{STACK}.com")["HostedZones"]
    records = route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
    (apex,) = [found for found in records if found["Name"] == f"{STACK}.com." and found["Type"] == "A"]
    apex["AliasTarget"]["EvaluateTargetHealth"] = not apex["AliasTarget"]["EvaluateTargetHealth"]
    changes = [{"Action": "UPSERT", "ResourceRecordSet": apex}]
    route53.change_resource_record_sets(HostedZoneId=zone["Id"], ChangeBatch={"Changes": changes})


def role_policy(lab: Lab) -> None:
    lab.aws("iam").put_role_policy(
        RoleName=f"{STACK}-task", PolicyName="use-the-stack", PolicyDocument=json.dumps(OPEN)
    )


def role(lab: Lab) -> None:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    lab.aws("iam").update_assume_role_policy(RoleName=f"{STACK}-execution", PolicyDocument=policy)


def repository(lab: Lab) -> None:
    lab.aws("ecr").put_image_tag_mutability(repositoryName=f"{STACK}/backend", imageTagMutability="MUTABLE")


def cluster(lab: Lab) -> None:
    lab.aws("ecs").update_cluster_settings(cluster=STACK, settings=[{"name": "containerInsights", "value": "disabled"}])


def service(lab: Lab) -> None:
    lab.aws("ecs").update_service(cluster=STACK, service="backend", healthCheckGracePeriodSeconds=7)


def scalable_target(lab: Lab) -> None:
    lab.aws("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId=f"service/{STACK}/backend",
        ScalableDimension="ecs:service:DesiredCount",
        MaxCapacity=9,
    )


def scaling_policy(lab: Lab) -> None:
    scaling = lab.aws("application-autoscaling")
    policies = scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    (policy,) = [found for found in policies if found["PolicyName"].endswith("out")]
    scaling.put_scaling_policy(
        **{key: policy[key] for key in ("PolicyName", "ServiceNamespace", "ResourceId", "ScalableDimension")},
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={**policy["StepScalingPolicyConfiguration"], "Cooldown": 7},
    )


def log_group(lab: Lab) -> None:
    lab.aws("logs").put_retention_policy(logGroupName=LOG_GROUP, retentionInDays=30)


def subscription_filter(lab: Lab) -> None:
    logs = lab.aws("logs")
    (found,) = logs.describe_subscription_filters(logGroupName=LOG_GROUP)["subscriptionFilters"]
    kept = ("logGroupName", "filterName", "destinationArn", "roleArn")
    logs.put_subscription_filter(**{key: found[key] for key in kept}, filterPattern="ERROR")


def topic(lab: Lab) -> None:
    sns = lab.aws("sns")
    found = sns.list_subscriptions()["Subscriptions"]
    (arn,) = [item["SubscriptionArn"] for item in found if item["TopicArn"].endswith(f"{STACK}-alarms")]
    sns.unsubscribe(SubscriptionArn=arn)


def queue(lab: Lab) -> None:
    sqs = lab.aws("sqs")
    url = sqs.get_queue_url(QueueName=f"{STACK}-slack-dead-letters")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": "60"})


def function(lab: Lab) -> None:
    lab.aws("lambda").update_function_configuration(FunctionName=f"{STACK}-slack", MemorySize=1024)


def alarm(lab: Lab) -> None:
    cloudwatch = lab.aws("cloudwatch")
    (found,) = cloudwatch.describe_alarms(AlarmNames=[f"{STACK}-rds-cpu-medium"])["MetricAlarms"]
    kept = (
        "AlarmName", "AlarmDescription", "AlarmActions", "OKActions", "Namespace", "MetricName", "Dimensions",
        "Statistic", "Period", "EvaluationPeriods", "DatapointsToAlarm", "ComparisonOperator", "TreatMissingData",
    )  # fmt: skip
    cloudwatch.put_metric_alarm(**{key: found[key] for key in kept}, Threshold=99)


def rule(lab: Lab) -> None:
    lab.aws("events").disable_rule(Name=f"{STACK}-task-stopped")


def dashboard(lab: Lab) -> None:
    cloudwatch = lab.aws("cloudwatch")
    body = json.loads(cloudwatch.get_dashboard(DashboardName=STACK)["DashboardBody"])
    text = {"type": "text", "x": 0, "y": 99, "width": 1, "height": 1, "properties": {"markdown": "mine"}}
    body["widgets"].append(text)
    cloudwatch.put_dashboard(DashboardName=STACK, DashboardBody=json.dumps(body))


def budget(lab: Lab) -> None:
    budgets, own = lab.aws("budgets"), {"AccountId": "123456789012", "BudgetName": STACK}
    found = budgets.describe_budget(**own)["Budget"]
    kept = ("BudgetName", "BudgetType", "TimeUnit", "CostFilters", "CostTypes")
    body = {**{key: found[key] for key in kept}, "BudgetLimit": {"Amount": "9999", "Unit": "USD"}}
    budgets.update_budget(AccountId=own["AccountId"], NewBudget=body)


def delete_alarm(lab: Lab) -> None:
    lab.aws("cloudwatch").delete_alarms(AlarmNames=[f"{STACK}-rds-cpu-high"])


# component, field that the report names (None: that it is missing), before and after where they are plain, by hand
CHANGES: list[tuple[str, str | None, tuple[Any, Any] | None, Callable[[Lab], None]]] = [
    ("vpc", "dns_hostnames", (False, True), vpc),
    ("subnet-private-c", "tags.Name", ("mine", f"{STACK}-subnet-private-c"), subnet),
    ("route-table-private-a", "routes", None, route_table),
    ("security-group-rds", "rules", None, security_group),
    ("bucket", "versioning", (False, True), bucket),
    ("bucket-lifecycle", "rules.category-logs", None, lifecycle),
    ("database", "deletion_protection", (False, True), database),
    ("database", "backup_retention_period", (1, 7), database),
    ("db-parameter-group", "parameters.rds.force_ssl", ("0", "1"), parameter_group),
    ("load-balancer", "idle_timeout", (7, 60), load_balancer),
    (
        "listener-443",
        "ssl_policy",
        ("ELBSecurityPolicy-2016-08", "ELBSecurityPolicy-TLS13-1-2-2021-06"),
        listener,
    ),
    ("target-group-backend", "health_check_path", ("/mine", "/health"), target_group),
    ("dns-record-apex", "evaluate_target_health", (True, False), record),
    ("role-policy-task", "policy_json", None, role_policy),
    ("role-execution", "assume_role_policy_document", None, role),
    ("repository-backend", "image_tag_mutability", ("MUTABLE", "IMMUTABLE"), repository),
    ("cluster", "container_insights", ("disabled", "enabled"), cluster),
    ("service-backend", "health_check_grace_period_seconds", (7, 60), service),
    ("scalable-target-backend", "max_capacity", (9, 5), scalable_target),
    ("scaling-policy-backend-out", "configuration.Cooldown", (7, 60), scaling_policy),
    ("log-group-backend", "retention", (30, 14), log_group),
    ("subscription-filter-backend", "filter_pattern", ("ERROR", ""), subscription_filter),
    ("topic-alarms", "subscriptions.lambda", (0, 1), topic),
    ("topic-alarms", "dead_letter_arns", None, topic),
    ("queue-slack-dead-letters", "message_retention_period", (60, 1209600), queue),
    ("function-slack", "memory_size", (1024, 256), function),
    ("alarm-rds-cpu-medium", "threshold", (99.0, 60.0), alarm),
    ("rule-task-stopped", "enabled", (False, True), rule),
    ("dashboard", "widget at 0,99", None, dashboard),
    ("budget", "limit", ("9999.00 USD", "384.62 USD"), budget),
    ("alarm-rds-cpu-high", None, None, delete_alarm),
]


def tags(component: str) -> list[dict[str, str]]:
    return [{"Key": "triflow:stack", "Value": STACK}, {"Key": "triflow:component", "Value": component}]


def make_orphans(lab: Lab) -> dict[str, str]:
    """What carries the stack's tag and no variable asks for: ``{component: ARN}``."""
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    created = lab.aws("iam").create_role(RoleName=f"{STACK}-old", AssumeRolePolicyDocument=trust, Tags=tags("role-old"))
    return {
        "topic-old": lab.aws("sns").create_topic(Name=f"{STACK}-old", Tags=tags("topic-old"))["TopicArn"],
        "role-old": created["Role"]["Arn"],
    }


def delete_orphans(lab: Lab, orphans: dict[str, str]) -> None:
    lab.aws("sns").delete_topic(TopicArn=orphans["topic-old"])
    lab.aws("iam").delete_role(RoleName=f"{STACK}-old")


def make_second(lab: Lab) -> dict[str, str]:
    """What carries the tags of a component a second time, as a creation leaves it whose answer was lost: their ids."""
    ec2, kms = lab.aws("ec2"), lab.aws("kms")

    def labels(kind: str, component: str) -> list[dict[str, Any]]:
        return [{"ResourceType": kind, "Tags": tags(component)}]

    made = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=labels("vpc", "vpc"))["Vpc"]["VpcId"]
    ec2.create_subnet(VpcId=made, CidrBlock="10.0.1.0/24")
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=labels("elastic-ip", "elastic-ip-a"))
    key_tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tags("kms-key")]
    key = kms.create_key(Tags=key_tags)["KeyMetadata"]["Arn"]
    return {"vpc": made, "elastic-ip-a": address["AllocationId"], "kms-key": key}


def empty_second_vpc(lab: Lab, identifier: str) -> None:
    ec2 = lab.aws("ec2")
    for subnet in ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [identifier]}])["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])


@dataclass(frozen=True)
class Drift:
    """One run of playbooks/drift.yml and the report that it wrote."""

    run: Played
    report: dict[str, Any]


@dataclass(frozen=True)
class Runs:
    clean: Drift
    changed: Drift
    orphans: dict[str, str]
    second: dict[str, str]
    refused: Played
    repair: Played
    repaired: Drift


@pytest.fixture(scope="module")
def runs(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    lab.reset()
    directory = tmp_path_factory.mktemp("drift")
    inventory = directory / "hosts.yml"
    variables = (
        f"s3_bucket_name: {BUCKET}, dns_zone_name: {STACK}.com, cost_budget_alarm: true, cost_budget_krw: 500000"
    )
    inventory.write_text(f"prod: {{hosts: {{{STACK}: {{{variables}}}}}}}\n")
    path = directory / "drift.json"

    def drift() -> Drift:
        run = play(lab, directory, "playbooks/drift.yml", "-i", str(inventory), "-e", f"drift_report_path={path}")
        assert path.exists(), run.output
        return Drift(run, json.loads(path.read_text()))

    built = play(lab, directory, "site.yml", "-i", str(inventory))
    assert built.exit_code == 0, built.output
    clean = drift()
    for change in dict.fromkeys(change for _component, _field, _values, change in CHANGES):
        change(lab)
    orphans = make_orphans(lab)
    second = make_second(lab)
    changed = drift()
    refused = play(lab, directory, "playbooks/network.yml", "-i", str(inventory))
    empty_second_vpc(lab, second["vpc"])
    repair = play(lab, directory, "site.yml", "-i", str(inventory))
    delete_orphans(lab, orphans)
    return Runs(clean, changed, orphans, second, refused, repair, drift())


def test_no_drift_is_invented_on_a_clean_stack(runs: Runs) -> None:
    assert runs.clean.run.exit_code == 0, runs.clean.run.output
    found = {kind: runs.clean.report[kind] for kind in ("drift", "differs", "missing", "orphans", "twice")}
    assert found == {"drift": False, "differs": {}, "missing": [], "orphans": [], "twice": []}
    assert f"{STACK}: no drift" in runs.clean.run.output


def test_drift_only_reads(runs: Runs) -> None:
    for drift in (runs.clean, runs.changed, runs.repaired):
        assert drift.run.calls
        assert not [call for call in drift.run.calls if call["write"]]  # not even the lock
        assert drift.run.summary["mode"] == "check"


def test_exit_code_says_that_there_is_drift(runs: Runs) -> None:
    assert runs.changed.run.exit_code == 2
    assert runs.changed.report["drift"] is True


def test_at_least_twenty_components_of_all_roles_were_changed() -> None:
    assert len({component for component, _field, _values, _change in CHANGES}) >= 20


@pytest.mark.parametrize(("component", "field", "values"), [change[:3] for change in CHANGES])
def test_change_is_found_with_its_field(
    runs: Runs, component: str, field: str | None, values: tuple[Any, Any] | None
) -> None:
    if field is None:
        assert component in runs.changed.report["missing"]
        return
    found = runs.changed.report["differs"][component]
    (name,) = [name for name in found if name == field or name.startswith(f"{field}.")]
    if values:
        assert (found[name]["before"], found[name]["after"]) == values
    assert name in runs.changed.run.output


def test_nothing_else_is_found(runs: Runs) -> None:
    wanted: dict[str, set[str]] = {}
    for component, field, _values, _change in CHANGES:
        if field:
            wanted.setdefault(component, set()).add(field)
    # ".Statement" and the like: a document differs in a part of it
    found = {
        component: {
            next((field for field in wanted.get(component, ()) if name.startswith(field)), name) for name in names
        }
        for component, names in runs.changed.report["differs"].items()
    }
    assert found == wanted
    assert runs.changed.report["missing"] == ["alarm-rds-cpu-high"]


def test_orphans_are_found(runs: Runs) -> None:
    assert {found["component"]: found["arn"] for found in runs.changed.report["orphans"]} == runs.orphans
    for arn in runs.orphans.values():
        assert arn in runs.changed.run.output


def test_what_is_there_twice_is_found(runs: Runs) -> None:
    """The address and the key with what a run does to them; both VPCs, since a run could not decide for one."""
    found = {item["component"]: item for item in runs.changed.report["twice"]}
    assert set(found) == set(runs.second)
    for component, identifier in runs.second.items():
        arns = found[component]["arns"]
        (arn,) = [arn for arn in arns if arn.endswith(identifier)]
        assert len(arns) == 2
        assert found[component]["leftovers"] == ([] if component == "vpc" else [arn])
        assert arn in runs.changed.run.output


def test_two_vpcs_in_use_end_a_run_before_its_first_change(runs: Runs) -> None:
    assert runs.refused.exit_code == 2
    assert runs.refused.writes == []
    assert f"vpc of stack {STACK} is there twice" in runs.refused.output
    assert f"{runs.second['vpc']}: 1 subnet" in runs.refused.output
    assert "4 subnets, 1 internet gateway, 1 NAT gateway" in runs.refused.output


def test_a_run_does_what_was_reported_and_no_more(runs: Runs) -> None:
    assert runs.repair.exit_code == 0, runs.repair.output
    done = {name: action for name, action in runs.repair.components(STACK).items() if action != "none"}
    missing = dict.fromkeys(runs.changed.report["missing"], "create")
    second = {f"{component} ({identifier})": "delete" for component, identifier in runs.second.items()}
    assert done == dict.fromkeys(runs.changed.report["differs"], "update") | missing | second


def test_then_there_is_no_drift(runs: Runs) -> None:
    assert runs.repaired.run.exit_code == 0, runs.repaired.run.output
    assert runs.repaired.report["drift"] is False


def test_what_cannot_be_read_is_no_drift(lab: Lab, tmp_path: Path) -> None:
    """With credentials that end at once: no report is written, the last one is gone, and the message says why."""
    inventory, path = tmp_path / "hosts.yml", tmp_path / "drift.json"
    inventory.write_text(f"prod: {{hosts: {{{STACK}: {{s3_bucket_name: {BUCKET}, dns_zone_name: {STACK}.com}}}}}}\n")
    path.write_text("{}")
    options = ("-i", str(inventory), "-e", f"drift_report_path={path}", "-e", "stack_retry_seconds=1")
    run = play(lab, tmp_path, "playbooks/drift.yml", *options, AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert run.exit_code == 2
    assert not path.exists()
    assert "drifted" not in run.output
    assert "failed: " in run.output
    assert "http://127.0.0.1:9" in run.output.split("SUMMARY")[1]
