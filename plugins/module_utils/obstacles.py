# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is not the stack's, and keeps AWS from deleting what is: asked for before anything is deleted.

Amazon VPC user guide, "Delete your VPC", and the errors of the Delete calls in the API references of the services.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible_collections.triflow.platform.plugins.module_utils import db_instance, shared_vpc
from ansible_collections.triflow.platform.plugins.module_utils.aws_names import short_name
from ansible_collections.triflow.platform.plugins.module_utils.ecs import from_ecs, read_services
from ansible_collections.triflow.platform.plugins.module_utils.elbv2 import read_tags
from ansible_collections.triflow.platform.plugins.module_utils.statuses import alive
from ansible_collections.triflow.platform.plugins.module_utils.tags import STACK, from_aws, tagged

if TYPE_CHECKING:
    from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, StackModule

GUARD_DUTY = "GuardDutyManaged"  # tag of what GuardDuty makes in a VPC, "Runtime Monitoring" of its user guide
GUARD_DUTY_ADVICE = (
    "GuardDuty's Runtime Monitoring makes it for a Fargate task and leaves it: tag the ECS cluster "
    f"{GUARD_DUTY}=false, then delete endpoint and security group by hand"
)
GATEWAYS_ALIVE = ("pending", "available")  # AWS takes one that failed away by itself
PEERED = ("active", "pending-acceptance", "provisioning")


class Obstacle(NamedTuple):
    """Something in the way, and what to do about it."""

    what: str
    way: str


def in_the_vpc(module: StackModule, owner: str, database: str) -> Iterator[Obstacle]:
    """What is nobody's by its tags in the stack's VPC, or in its subnets of another stack's VPC.

    Other stacks' are asked for by themselves.
    """
    vpcs, subnets = shared_vpc.read(module.api("ec2"), owner)
    if not vpcs:
        return
    vpc_ids = [vpc["VpcId"] for vpc in vpcs]
    network = _Network(module, vpc_ids, subnets, owner == module.params["stack"])
    yield from network.endpoints()
    yield from network.gateways()
    yield from network.groups()
    yield from network.interfaces()
    if network.is_own:
        yield from network.others()
    yield from _databases(module, network, database)


def _databases(module: StackModule, network: _Network, own: str) -> Iterator[Obstacle]:
    """Other DB instances in the VPC, with the stack's subnet group, or with its parameter group wherever they are."""
    parameters = tagged(module.api("resourcegroupstaggingapi"), network.stack, "rds:pg")
    parameter_groups = {arn.rpartition(":")[2] for arn in parameters}
    for instance in module.api("rds").pages("describe_db_instances", "DBInstances", on="the DB instances"):
        name, group = instance["DBInstanceIdentifier"], instance.get("DBSubnetGroup", {})
        if name == own:
            continue
        used = {item["DBParameterGroupName"] for item in instance.get("DBParameterGroups", [])} & parameter_groups
        # One restored from the stack's snapshot has its tags.
        is_nobodys = from_aws(instance.get("TagList")).get(STACK) in (None, network.stack)
        is_inside = group.get("VpcId") in network.vpc_ids if network.is_own else False
        if (is_inside and is_nobodys) or group.get("DBSubnetGroupName") == network.stack:
            way = "delete it, or move it to another VPC (aws rds modify-db-instance)"
            yield Obstacle(f"the DB instance {name} in the VPC {group['VpcId']}", way)
        elif used:
            what = f"the DB instance {name}, which uses the parameter group {', '.join(sorted(used))}"
            yield Obstacle(what, "give it another one, and restart it")


class _Network:
    """A VPC, the stack's own or another one's. In another one's only the stack's subnets count."""

    def __init__(self, module: StackModule, vpc_ids: list[str], subnets: list[dict[str, Any]], is_own: bool) -> None:
        self.stack: str = module.params["stack"]
        self.is_own = is_own
        self.subnets = subnets
        whose = {subnet["SubnetId"]: from_aws(subnet.get("Tags")).get(STACK) for subnet in subnets}
        # Where nothing may be left: also in subnets that nobody has tagged, when the VPC itself is to go.
        counts = (self.stack, None) if is_own else (self.stack,)
        self.subnet_ids = {identifier for identifier, stack in whose.items() if stack in counts}
        self.ec2: Api = module.api("ec2")
        self.inside = [{"Name": "vpc-id", "Values": vpc_ids}]
        self.vpc_ids = vpc_ids
        self.known_interfaces: set[str] = set()  # of the stack's, or of something that is named
        self.own_groups: set[str] = set()

    def list(self, operation: str, key: str, **parameters: Any) -> list[dict[str, Any]]:
        parameters = parameters or {"Filters": self.inside}
        return self.ec2.pages(operation, key, on="the VPC", **parameters)

    def is_nobodys(self, item: dict[str, Any]) -> bool:
        return STACK not in from_aws(item.get("Tags"))

    def endpoints(self) -> Iterator[Obstacle]:
        for endpoint in self.list("describe_vpc_endpoints", "VpcEndpoints"):
            if not alive("VPC endpoint", endpoint["State"].lower()):
                continue
            self.known_interfaces |= set(endpoint.get("NetworkInterfaceIds", []))
            if self.is_nobodys(endpoint) and (self.is_own or self.subnet_ids & set(endpoint["SubnetIds"])):
                identifier = endpoint["VpcEndpointId"]
                what = f"the VPC endpoint {identifier} of {endpoint['ServiceName']}"
                yield Obstacle(what, _way(endpoint, f"aws ec2 delete-vpc-endpoints --vpc-endpoint-ids {identifier}"))

    def gateways(self) -> Iterator[Obstacle]:
        for gateway in self.list("describe_nat_gateways", "NatGateways"):
            self.known_interfaces |= {item.get("NetworkInterfaceId", "") for item in gateway["NatGatewayAddresses"]}
            is_there = gateway["State"] in GATEWAYS_ALIVE and gateway["SubnetId"] in self.subnet_ids
            if is_there and self.is_nobodys(gateway):
                yield Obstacle(f"the NAT gateway {gateway['NatGatewayId']}", "delete it")

    def groups(self) -> Iterator[Obstacle]:
        groups = [
            group
            for group in self.list("describe_security_groups", "SecurityGroups")
            if group["GroupName"] != "default"  # goes with the VPC
        ]
        own = [group for group in groups if from_aws(group.get("Tags")).get(STACK) == self.stack]
        self.own_groups = {group["GroupId"] for group in own}
        for group in groups:
            what = f"the security group {group['GroupName']} ({group['GroupId']})"
            if self.is_own and self.is_nobodys(group):
                yield Obstacle(what, _way(group, "delete it, after what uses it"))
            elif group not in own and self.own_groups & _named_groups(group):
                yield Obstacle(f"a rule of {what}, which names a group of the stack", "revoke it")

    def interfaces(self) -> Iterator[Obstacle]:
        """Network interfaces, but for those that AWS makes for the stack: they have its security groups."""
        for interface in self.list("describe_network_interfaces", "NetworkInterfaces"):
            identifier = interface["NetworkInterfaceId"]
            groups = {group["GroupId"] for group in interface["Groups"]}
            instance = interface.get("Attachment", {}).get("InstanceId")
            of_the_stack = groups and groups <= self.own_groups and not instance
            if identifier in self.known_interfaces or of_the_stack or interface["SubnetId"] not in self.subnet_ids:
                continue
            of = f"the EC2 instance {instance}" if instance else interface.get("Description") or "nothing that says so"
            what = f"the network interface {identifier} in {interface['SubnetId']}, of {of}"
            yield Obstacle(what, "delete what it belongs to, then the interface if it stays")

    def others(self) -> Iterator[Obstacle]:
        for subnet in self.subnets:
            if self.is_nobodys(subnet):
                yield Obstacle(f"the subnet {subnet['SubnetId']} ({subnet['CidrBlock']})", "delete it")
        for table in self.list("describe_route_tables", "RouteTables"):
            if self.is_nobodys(table) and not any(item.get("Main") for item in table["Associations"]):
                yield Obstacle(f"the route table {table['RouteTableId']}", "delete it")
        for acl in self.list("describe_network_acls", "NetworkAcls"):
            if self.is_nobodys(acl) and not acl["IsDefault"]:
                yield Obstacle(f"the network ACL {acl['NetworkAclId']}", "delete it")
        attached = [{"Name": "attachment.vpc-id", "Values": self.vpc_ids}]
        answer = self.ec2.call("describe_vpn_gateways", on="the VPC", Filters=attached)
        for gateway in answer["VpnGateways"]:
            if any(item["State"] in ("attaching", "attached") for item in gateway["VpcAttachments"]):
                yield Obstacle(f"the virtual private gateway {gateway['VpnGatewayId']}", "detach it from the VPC")
        for gateway in self.list(
            "describe_egress_only_internet_gateways", "EgressOnlyInternetGateways", MaxResults=255
        ):
            if any(item["VpcId"] in self.vpc_ids for item in gateway["Attachments"]):
                what = f"the egress-only internet gateway {gateway['EgressOnlyInternetGatewayId']}"
                yield Obstacle(what, "delete it")
        for peering in self.list("describe_vpc_peering_connections", "VpcPeeringConnections", MaxResults=1000):
            sides = {peering[side].get("VpcId") for side in ("RequesterVpcInfo", "AccepterVpcInfo")}
            if sides & set(self.vpc_ids) and peering["Status"]["Code"] in PEERED:
                yield Obstacle(f"the peering connection {peering['VpcPeeringConnectionId']}", "delete it")


def _named_groups(group: dict[str, Any]) -> set[str]:
    """Ids of the groups that a group's rules name."""
    permissions = [*group["IpPermissions"], *group["IpPermissionsEgress"]]
    return {pair["GroupId"] for permission in permissions for pair in permission.get("UserIdGroupPairs", [])}


def _way(item: dict[str, Any], otherwise: str) -> str:
    return GUARD_DUTY_ADVICE if GUARD_DUTY in from_aws(item.get("Tags")) else otherwise


def of_the_database(module: StackModule, identifier: str) -> Iterator[Obstacle]:
    """The stack's own instance in a status of which RDS makes no final snapshot."""
    gone = ("DBInstanceNotFound",)
    answer = module.api("rds").call(
        "describe_db_instances", on=identifier, absent=gone, DBInstanceIdentifier=identifier
    )
    for instance in answer.get("DBInstances", []):
        live = db_instance.live_state(instance)
        refusal = db_instance.final_snapshot_refusal(live)
        if live["stack"] == module.params["stack"] and refusal:
            yield Obstacle(f"the final snapshot of the DB instance {identifier}", f"it is {refusal}")


def in_the_cluster(module: StackModule, cluster: str) -> Iterator[Obstacle]:
    """Services and tasks of the stack's cluster that are not the stack's: ECS deletes no cluster that has one."""
    ecs, stack = module.api("ecs"), module.params["stack"]
    found = ecs.call("describe_clusters", on=cluster, clusters=[cluster], include=["TAGS"])["clusters"]
    if not any(item["status"] != "INACTIVE" and from_ecs(item.get("tags")).get(STACK) == stack for item in found):
        return
    arns: list[Any] = ecs.pages("list_services", "serviceArns", on=cluster, cluster=cluster)
    for name, service in read_services(ecs, cluster, [arn.split("/")[-1] for arn in arns]).items():
        if from_ecs(service.get("tags")).get(STACK) != stack:
            is_going = service["status"] == "DRAINING"
            way = "run again when its tasks have stopped" if is_going else "delete it (aws ecs delete-service --force)"
            yield Obstacle(f"the service {name} in the cluster {cluster}", way)
    tasks: list[Any] = ecs.pages("list_tasks", "taskArns", on=cluster, cluster=cluster)
    for start in range(0, len(tasks), 100):
        for task in ecs.call("describe_tasks", on=cluster, cluster=cluster, tasks=tasks[start : start + 100])["tasks"]:
            if not task.get("group", "").startswith("service:") and task["lastStatus"] != "STOPPED":
                yield Obstacle(f"the task {task['taskArn']}", "let it end, or stop it (aws ecs stop-task)")


def in_repositories(module: StackModule) -> Iterator[Obstacle]:
    """The stack's repositories that hold images: ECR deletes them only when told to."""
    owned = tagged(module.api("resourcegroupstaggingapi"), module.params["stack"], "ecr:repository")
    for name in sorted(arn.split(":repository/")[-1] for arn in owned):
        gone = ("RepositoryNotFoundException",)
        answer = module.api("ecr").call("list_images", on=name, absent=gone, repositoryName=name, maxResults=1)
        if answer.get("imageIds"):
            yield Obstacle(f"images in the repository {name}", "-e ecr_delete_images=true deletes them with it")


def at_the_edge(module: StackModule) -> Iterator[Obstacle]:
    """Target groups and certificates of the stack that somebody else's load balancer or distribution uses."""
    elb, stack = module.api("elbv2"), module.params["stack"]
    own = f":loadbalancer/app/{short_name(stack)}/"  # also while ACM still lists one that is gone
    groups = elb.pages("describe_target_groups", "TargetGroups", on="the target groups")
    tags = read_tags(elb, [group["TargetGroupArn"] for group in groups])
    for group in groups:
        if tags[group["TargetGroupArn"]].get(STACK) == stack:
            for arn in group["LoadBalancerArns"]:
                if own not in arn:
                    what = f"the load balancer {arn} uses the target group {group['TargetGroupName']}"
                    yield Obstacle(what, "take it out of its listeners")
    acm = module.api("acm")
    for arn in sorted(tagged(module.api("resourcegroupstaggingapi"), stack, "acm:certificate")):
        answer = acm.call("describe_certificate", on=arn, absent=("ResourceNotFoundException",), CertificateArn=arn)
        for user in answer.get("Certificate", {}).get("InUseBy", []):
            if own not in user:
                yield Obstacle(f"{user} uses the certificate {arn}", "give it another certificate")
