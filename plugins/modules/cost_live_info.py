#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: cost_live_info
version_added: 0.2.0
short_description: Read what of a stack AWS charges for because it exists
author: TriFlow AI (@triflow-ai)
description:
  - Finds the stack's parts by their tags and reads of each what its price depends on, such as the class of the
    database or the zones of the load balancer. M(triflow.platform.stack_cost) counts what that costs.
  - A part that is not there is no error. A key or a secret whose deletion is scheduled costs nothing and is left out.
  - It changes nothing and does the same in check mode.
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.plan.reads
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Read what stands
  triflow.platform.cost_live_info:
  register: cost_live
"""

RETURN = r"""
live:
  description:
    - What is there, in the names of the fields of C(Built) in C(plugins/module_utils/cost_built.py).
    - C(services) have C(name), C(cpu), C(memory), C(architecture), C(desired_count), and C(min_capacity) and
      C(max_capacity) by day, which are null for one that does not scale. C(database) is null when there is none.
    - C(nights) says whether C(services) and C(database) have schedules to sleep.
  returned: success
  type: dict
  sample: {nat_gateways: 1, nat_addresses: 1, nat_route: true, load_balancer_zones: 2, keys: 1, secrets: 2}
"""

from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import stack_tags
from ansible_collections.triflow.platform.plugins.module_utils.dashboard import CUSTOM_METRICS
from ansible_collections.triflow.platform.plugins.module_utils.ecs import read_services
from ansible_collections.triflow.platform.plugins.module_utils.resource import StackModule
from ansible_collections.triflow.platform.plugins.module_utils.statuses import alive
from ansible_collections.triflow.platform.plugins.module_utils.tags import COMPONENT, STACK

Live = dict[str, Any]

SCALING: dict[str, Any] = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
TRACKING_ALARMS = 2  # that Application Auto Scaling makes for a target tracking policy, without the stack's tags


class Stack:
    """What carries the stack's tag, and calls that read it."""

    def __init__(self, module: StackModule) -> None:
        self.module = module
        self.name: str = module.params["stack"]
        self.filters = [{"Name": f"tag:{STACK}", "Values": [self.name]}]
        self.tags = stack_tags.tagged(module, None)

    def arns(self, kind: str) -> list[str]:
        """ARNs of a service and how they go on after the account, such as ``rds:db:``."""
        found = {arn: f"{arn.split(':')[2]}:{arn.split(':', 5)[5]}" for arn in self.tags}
        return [arn for arn, known in found.items() if known.startswith(kind)]

    def standing(self, kind: str) -> set[str]:
        """Those of the ARNs that are not scheduled to be deleted."""
        return {arn for arn in self.arns(kind) if not stack_tags.going(self.module, arn)}


def read_network(stack: Stack) -> Live:
    ec2 = stack.module.api("ec2")
    ours: dict[str, Any] = {"on": "the network", "Filters": stack.filters}
    gateways = ec2.pages("describe_nat_gateways", "NatGateways", **ours)
    tables = ec2.pages("describe_route_tables", "RouteTables", **ours)
    endpoints = [
        endpoint
        for endpoint in ec2.pages("describe_vpc_endpoints", "VpcEndpoints", **ours)
        if alive("VPC endpoint", endpoint["State"].lower())
    ]
    return {
        "nat_gateways": len([gateway for gateway in gateways if alive("NAT gateway", gateway["State"])]),
        "nat_addresses": len(ec2.call("describe_addresses", **ours)["Addresses"]),
        "nat_route": any("NatGatewayId" in route for table in tables for route in table["Routes"]),
        "endpoints": sum(len(endpoint["SubnetIds"]) for endpoint in endpoints),  # a gateway endpoint has none
        "logs_endpoint": any(endpoint["ServiceName"].endswith(".logs") for endpoint in endpoints),
        "flow_logs": bool(ec2.pages("describe_flow_logs", "FlowLogs", **ours)),
    }


def read_database(stack: Stack) -> Live:
    rds = stack.module.api("rds")
    for arn in stack.arns("rds:db:"):
        name = arn.split(":")[-1]
        answer = rds.call("describe_db_instances", on=name, absent=("DBInstanceNotFound",), DBInstanceIdentifier=name)
        for instance in answer.get("DBInstances", []):
            return {
                "instance_class": instance["DBInstanceClass"],
                "multi_az": instance["MultiAZ"],
                "storage": instance["AllocatedStorage"],
                "iops": instance.get("Iops"),
                "throughput": instance.get("StorageThroughput"),
                "secret": instance.get("MasterUserSecret", {}).get("SecretArn"),
            }
    return {}


def read_balancer(stack: Stack) -> Live:
    elbv2 = stack.module.api("elbv2")
    for arn in stack.arns("elasticloadbalancing:loadbalancer/"):
        answer = elbv2.call("describe_load_balancers", on=arn, absent=("LoadBalancerNotFound",), LoadBalancerArns=[arn])
        for balancer in answer.get("LoadBalancers", []):
            described = elbv2.call("describe_load_balancer_attributes", on=arn, LoadBalancerArn=arn)
            attributes = {item["Key"]: item["Value"] for item in described["Attributes"]}
            return {
                "load_balancer_zones": len(balancer["AvailabilityZones"]),
                "access_logs": attributes.get("access_logs.s3.enabled") == "true",
            }
    return {"load_balancer_zones": 0, "access_logs": False}


def read_cluster(stack: Stack) -> Live:
    """The cluster of the stack's name, and its services that carry the stack's tag."""
    ecs = stack.module.api("ecs")
    answer = ecs.call("describe_clusters", on=stack.name, clusters=[stack.name], include=["SETTINGS"])
    settings = [item for cluster in answer["clusters"] if cluster["status"] == "ACTIVE" for item in cluster["settings"]]
    described = read_services(ecs, stack.name, [arn.split("/")[-1] for arn in stack.arns("ecs:service/")])
    services = [read_service(stack, service) for service in described.values() if service["status"] == "ACTIVE"]
    insights = {item["value"] for item in settings if item["name"] == "containerInsights"}
    return {"services": services, "container_insights": bool(insights - {"disabled"})}


def read_service(stack: Stack, service: Live) -> Live:
    """A service with the size of its tasks, and how many it may have by day."""
    name, resource = service["serviceName"], f"service/{stack.name}/{service['serviceName']}"
    ecs, scaling = stack.module.api("ecs"), stack.module.api("application-autoscaling")
    definition = ecs.call("describe_task_definition", on=name, taskDefinition=service["taskDefinition"])
    task = definition["taskDefinition"]
    targets = scaling.pages(
        "describe_scalable_targets", "ScalableTargets", on=resource, ResourceIds=[resource], **SCALING
    )
    ours: dict[str, Any] = {"on": resource, "ResourceId": resource, **SCALING}
    actions = scaling.pages("describe_scheduled_actions", "ScheduledActions", **ours)
    policies = scaling.pages("describe_scaling_policies", "ScalingPolicies", **ours)
    capacities = [action.get("ScalableTargetAction", {}) for action in actions]
    by_day: Live = next((capacity for capacity in [*targets, *capacities] if capacity.get("MaxCapacity")), {})
    return {
        "name": name,
        "cpu": int(task["cpu"]),
        "memory": int(task["memory"]),
        "architecture": task.get("runtimePlatform", {}).get("cpuArchitecture", "X86_64"),
        "desired_count": service["desiredCount"],
        "min_capacity": by_day.get("MinCapacity"),
        "max_capacity": by_day.get("MaxCapacity"),
        "tracking_policies": len([item for item in policies if item["PolicyType"] == "TargetTrackingScaling"]),
        "sleeps": any(capacity.get("MaxCapacity") == 0 for capacity in capacities),
    }


def read_monitoring(stack: Stack, services: list[Live]) -> Live:
    cloudwatch, sns = stack.module.api("cloudwatch"), stack.module.api("sns")
    tagged = set(stack.arns("cloudwatch:alarm:"))
    alarms = [
        alarm
        for alarm in cloudwatch.pages(
            "describe_alarms", "MetricAlarms", on="the alarms", AlarmNamePrefix=f"{stack.name}-"
        )
        if alarm["AlarmArn"] in tagged
    ]
    metrics = [len([query for query in alarm.get("Metrics", []) if "MetricStat" in query]) or 1 for alarm in alarms]
    dashboard = cloudwatch.call(
        "get_dashboard", on=stack.name, absent=("ResourceNotFound",), DashboardName=stack.name
    ).get("DashboardBody")
    topics = [
        arn
        for arn in stack.arns("sns:")
        if sns.call("get_topic_attributes", on=arn, absent=("NotFound",), TopicArn=arn)
    ]
    functions = {stack.tags[arn].get(COMPONENT): arn for arn in stack.arns("lambda:function:")}
    groups = {stack.tags[arn].get(COMPONENT) for arn in stack.arns("logs:log-group:")}
    return {
        "log_groups": bool(groups - {"log-group-flow-logs"}),
        "log_archive": bool(stack.arns("firehose:")),
        "alarms": len(alarms) + TRACKING_ALARMS * sum(service["tracking_policies"] for service in services),
        "further_alarm_metrics": sum(metrics) - len(alarms),
        "topics": bool(topics),
        "phones": count_phones(stack, functions.get("function-sms")),
        "slack": "function-slack" in functions,
        "dashboards": 1 if dashboard else 0,
        "custom_metrics": any(name in (dashboard or "") for name in CUSTOM_METRICS),
    }


def count_phones(stack: Stack, function: str | None) -> int:
    """Telephones that the function for them sends to (MON-8)."""
    if not function:
        return 0
    answer = stack.module.api("lambda").call(
        "get_function_configuration", on=function, absent=("ResourceNotFoundException",), FunctionName=function
    )
    numbers = answer.get("Environment", {}).get("Variables", {}).get("TELEPHONES", "")
    return len([number for number in numbers.split(",") if number])


def has_database_schedules(stack: Stack) -> bool:
    """EventBridge Scheduler's group of the stack, which nothing but nights needs (ENV-6)."""
    answer = stack.module.api("scheduler").call(
        "get_schedule_group", on=stack.name, absent=("ResourceNotFoundException",), Name=stack.name
    )
    return answer.get("State") == "ACTIVE"


def main() -> None:
    module = StackModule({}, state=False)
    stack = Stack(module)
    cluster, database = read_cluster(stack), read_database(stack)
    secrets = stack.standing("secretsmanager:") | ({database.pop("secret")} if database else set()) - {None}
    live = {
        **read_network(stack),
        **read_balancer(stack),
        **cluster,
        **read_monitoring(stack, cluster["services"]),
        "database": database or None,
        "repositories": bool(stack.arns("ecr:")),
        "bucket": bool(stack.arns("s3:")),
        "hosted_zone": bool(stack_tags.tagged(module, stack_tags.GLOBAL_REGION, "route53:hostedzone")),
        "keys": len(stack.standing("kms:key/")),
        "secrets": len(secrets),
        "nights": {
            "services": any(service["sleeps"] for service in cluster["services"]),
            "database": has_database_schedules(stack),
        },
    }
    module.exit_json(changed=False, live=live)


if __name__ == "__main__":
    main()
