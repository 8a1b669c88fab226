"""What an account holds, by kind, each thing by the component that its tags name: read with boto3."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from tests.conftest import Lab

COMPONENT = "triflow:component"
UNTAGGED = "(no tag)"
Standing = dict[str, Counter[str]]


def component(tags: Any) -> str:
    """The component of tags, which services spell as a mapping or as pairs of Key and Value."""
    if isinstance(tags, dict):
        return str(tags.get(COMPONENT, UNTAGGED))
    pairs = {pair.get("Key", pair.get("key")): pair.get("Value", pair.get("value")) for pair in tags or []}
    return str(pairs.get(COMPONENT, UNTAGGED))


class Account:
    """The services of a lab. Each method yields pairs of a kind and what one thing of it is called."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def standing(self) -> Standing:
        found: Standing = {}
        for part in (self.network, self.data, self.edge, self.compute, self.logs, self.messages, self.watching):
            for kind, name in part():
                found.setdefault(kind, Counter())[name] += 1
        return found

    def _all(self, service: str, operation: str, key: str, **parameters: Any) -> Iterable[Any]:
        client = self.lab.aws(service)
        if not client.can_paginate(operation):
            return list(getattr(client, operation)(**parameters)[key])
        pages = client.get_paginator(operation).paginate(**parameters)
        return [item for page in pages for item in page[key]]

    def network(self) -> Iterator[tuple[str, str]]:
        own = [{"Name": "is-default", "Values": ["false"]}]
        vpcs = [vpc["VpcId"] for vpc in self._all("ec2", "describe_vpcs", "Vpcs", Filters=own)]
        within = {"Filters": [{"Name": "vpc-id", "Values": [*vpcs, "vpc-none"]}]}
        listed: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
            ("VPC", "describe_vpcs", "Vpcs", {"Filters": own}),
            ("subnet", "describe_subnets", "Subnets", within),
            ("internet gateway", "describe_internet_gateways", "InternetGateways", {}),
            ("Elastic IP", "describe_addresses", "Addresses", {}),
            ("flow log", "describe_flow_logs", "FlowLogs", {}),
            ("VPC endpoint", "describe_vpc_endpoints", "VpcEndpoints", {}),
        )
        for kind, operation, key, parameters in listed:
            for item in self._all("ec2", operation, key, **parameters):
                yield kind, component(item.get("Tags"))
        for gateway in self._all("ec2", "describe_nat_gateways", "NatGateways"):
            if gateway["State"] != "deleted":
                yield "NAT gateway", component(gateway.get("Tags"))
        for table in self._all("ec2", "describe_route_tables", "RouteTables", **within):
            name = component(table.get("Tags"))
            yield "route table", name
            for route in table["Routes"]:
                yield "route", f"{name} {route.get('DestinationCidrBlock', 'prefix list')}"
            for association in table["Associations"]:
                yield "route table's association", f"{name} {'main' if association['Main'] else 'subnet'}"
        groups = {
            group["GroupId"]: component(group.get("Tags"))
            for group in self._all("ec2", "describe_security_groups", "SecurityGroups", **within)
        }
        for name in groups.values():
            yield "security group", name
        for rule in self._all("ec2", "describe_security_group_rules", "SecurityGroupRules"):
            if rule["GroupId"] in groups:
                way = "out" if rule["IsEgress"] else "in"
                yield "security group's rule", f"{groups[rule['GroupId']]} {way} {rule.get('FromPort')}"

    def data(self) -> Iterator[tuple[str, str]]:
        for instance in self._all("rds", "describe_db_instances", "DBInstances"):
            yield "DB instance", component(instance["TagList"])
        for snapshot in self._all("rds", "describe_db_snapshots", "DBSnapshots"):
            yield "DB snapshot", snapshot["SnapshotType"]
        rds = self.lab.aws("rds")
        for group in self._all("rds", "describe_db_subnet_groups", "DBSubnetGroups"):
            tags = rds.list_tags_for_resource(ResourceName=group["DBSubnetGroupArn"])["TagList"]
            yield "DB subnet group", component(tags)
        for group in self._all("rds", "describe_db_parameter_groups", "DBParameterGroups"):
            if not group["DBParameterGroupName"].startswith("default."):
                tags = rds.list_tags_for_resource(ResourceName=group["DBParameterGroupArn"])["TagList"]
                yield "DB parameter group", component(tags)
        s3 = self.lab.aws("s3")
        for bucket in s3.list_buckets()["Buckets"]:
            yield "bucket", component(s3.get_bucket_tagging(Bucket=bucket["Name"])["TagSet"])
        for secret in self._all("secretsmanager", "list_secrets", "SecretList"):
            yield "secret", component(secret.get("Tags"))
        kms = self.lab.aws("kms")
        for key in self._all("kms", "list_keys", "Keys"):
            about = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
            if about["KeyManager"] == "CUSTOMER":
                yield "key", component(self._tags_of_key(key["KeyId"]))
        for alias in self._all("kms", "list_aliases", "Aliases"):
            if not alias["AliasName"].startswith("alias/aws/"):
                yield "key's alias", alias["AliasName"]

    def _tags_of_key(self, identifier: str) -> list[dict[str, str]]:
        tags = self.lab.aws("kms").list_resource_tags(KeyId=identifier)["Tags"]
        return [{"Key": tag["TagKey"], "Value": tag["TagValue"]} for tag in tags]

    def edge(self) -> Iterator[tuple[str, str]]:
        dns = self.lab.aws("route53")
        for zone in self._all("route53", "list_hosted_zones", "HostedZones"):
            number = zone["Id"].rpartition("/")[2]
            tags = dns.list_tags_for_resource(ResourceType="hostedzone", ResourceId=number)["ResourceTagSet"]["Tags"]
            yield "hosted zone", component(tags)
            for record in self._all(
                "route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone["Id"]
            ):
                # A validation record's name is that of the certificate, which is another one each time.
                yield "record", record["Name"] if record["Type"] != "CNAME" else "CNAME"
        acm = self.lab.aws("acm")
        for certificate in self._all("acm", "list_certificates", "CertificateSummaryList"):
            arn = certificate["CertificateArn"]
            yield "certificate", component(acm.list_tags_for_certificate(CertificateArn=arn)["Tags"])
        elbv2 = self.lab.aws("elbv2")
        arns = [
            ("load balancer", item["LoadBalancerArn"])
            for item in self._all("elbv2", "describe_load_balancers", "LoadBalancers")
        ]
        for _kind, arn in tuple(arns):
            listeners = self._all("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=arn)
            arns += [("listener", listener["ListenerArn"]) for listener in listeners]
        groups = self._all("elbv2", "describe_target_groups", "TargetGroups")
        arns += [("target group", group["TargetGroupArn"]) for group in groups]
        for kind, arn in arns:
            (described,) = elbv2.describe_tags(ResourceArns=[arn])["TagDescriptions"]
            yield kind, component(described["Tags"])

    def compute(self) -> Iterator[tuple[str, str]]:
        ecs = self.lab.aws("ecs")
        for arn in self._all("ecs", "list_clusters", "clusterArns"):
            yield "cluster", component(ecs.list_tags_for_resource(resourceArn=arn)["tags"])
            for service in self._all("ecs", "list_services", "serviceArns", cluster=arn):
                yield "service", component(ecs.list_tags_for_resource(resourceArn=service)["tags"])
        for arn in self._all("ecs", "list_task_definitions", "taskDefinitionArns"):
            yield "task definition", component(ecs.list_tags_for_resource(resourceArn=arn)["tags"])
        ecr = self.lab.aws("ecr")
        for repository in self._all("ecr", "describe_repositories", "repositories"):
            tags = ecr.list_tags_for_resource(resourceArn=repository["repositoryArn"])["tags"]
            yield "repository", component(tags)
        iam = self.lab.aws("iam")
        for role in self._all("iam", "list_roles", "Roles"):
            if role["Path"].startswith("/aws-service-role/"):
                continue
            name = component(iam.list_role_tags(RoleName=role["RoleName"])["Tags"])
            yield "role", name
            for policy in self._all("iam", "list_role_policies", "PolicyNames", RoleName=role["RoleName"]):
                yield "role's policy", f"{name} {policy}"
        for kind, operation, key, name in (
            ("scalable target", "describe_scalable_targets", "ScalableTargets", "ResourceId"),
            ("scaling policy", "describe_scaling_policies", "ScalingPolicies", "PolicyName"),
            ("scheduled action", "describe_scheduled_actions", "ScheduledActions", "ScheduledActionName"),
        ):
            for item in self._all("application-autoscaling", operation, key, ServiceNamespace="ecs"):
                yield kind, item[name]
        for group in self._all("scheduler", "list_schedule_groups", "ScheduleGroups"):
            if group["Name"] != "default":
                yield "schedule group", group["Name"]
        for schedule in self._all("scheduler", "list_schedules", "Schedules"):
            yield "schedule", schedule["Name"]

    def logs(self) -> Iterator[tuple[str, str]]:
        logs = self.lab.aws("logs")
        for group in self._all("logs", "describe_log_groups", "logGroups"):
            tags = logs.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"]
            yield "log group", component(tags)
            for found in self._all(
                "logs", "describe_subscription_filters", "subscriptionFilters", logGroupName=group["logGroupName"]
            ):
                yield "subscription filter", found["filterName"]
        firehose = self.lab.aws("firehose")
        for name in firehose.list_delivery_streams()["DeliveryStreamNames"]:
            yield "delivery stream", component(firehose.list_tags_for_delivery_stream(DeliveryStreamName=name)["Tags"])

    def messages(self) -> Iterator[tuple[str, str]]:
        sns = self.lab.aws("sns")
        for topic in self._all("sns", "list_topics", "Topics"):
            name = component(sns.list_tags_for_resource(ResourceArn=topic["TopicArn"])["Tags"])
            yield "topic", name
            for item in self._all("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=topic["TopicArn"]):
                yield "subscription", f"{name} {item['Protocol']}"
        sqs = self.lab.aws("sqs")
        for url in self._all("sqs", "list_queues", "QueueUrls") if sqs.list_queues().get("QueueUrls") else ():
            yield "queue", component(sqs.list_queue_tags(QueueUrl=url).get("Tags"))
        functions = self.lab.aws("lambda")
        for function in self._all("lambda", "list_functions", "Functions"):
            yield "function", component(functions.list_tags(Resource=function["FunctionArn"])["Tags"])

    def watching(self) -> Iterator[tuple[str, str]]:
        cloudwatch, events = self.lab.aws("cloudwatch"), self.lab.aws("events")
        for alarm in self._all("cloudwatch", "describe_alarms", "MetricAlarms"):
            yield "alarm", component(cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"])
        for dashboard in self._all("cloudwatch", "list_dashboards", "DashboardEntries"):
            yield "dashboard", dashboard["DashboardName"]
        for rule in self._all("events", "list_rules", "Rules"):
            yield "rule", component(events.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"])
            for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
                yield "rule's target", target["Id"]
        account = self.lab.aws("sts").get_caller_identity()["Account"]
        for budget in self.lab.aws("budgets").describe_budgets(AccountId=account)["Budgets"]:
            yield "budget", budget["BudgetName"]
        for parameter in self._all("ssm", "describe_parameters", "Parameters"):
            yield "parameter", parameter["Name"]
