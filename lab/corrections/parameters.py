"""What every service refuses by its API's own model: patterns, lengths, sizes and numbers; and names and tags.

botocore's service models are what AWS publishes of each API. boto3 sends what breaks them, and the service refuses it;
moto looks at few. Names and tags whose rules stand in the references only come from the tables by which the preflight
checks (plugins/module_utils/aws_names.py and aws_tags.py), with their sources.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import aws_names, aws_tags
from moto.core.exceptions import ServiceException
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import determine_request_protocol
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import get_service_model
from moto.route53.models import Route53Backend
from moto.s3.exceptions import InvalidBucketName, InvalidTagError
from moto.s3.models import S3Backend

from lab.corrections.override import override

# The code of the refusal: "Common errors" of the query APIs, and the errors of the operations of the others.
CODES = {
    "budgets": "InvalidParameterException",
    "firehose": "InvalidArgumentException",
    "cloudwatch": "ValidationError",
    "ec2": "InvalidParameterValue",
    "ecr": "InvalidParameterException",
    "ecs": "InvalidParameterException",
    "elbv2": "ValidationError",
    "iam": "ValidationError",
    "logs": "InvalidParameterException",
    "rds": "InvalidParameterValue",
    "route53": "InvalidInput",
    "secretsmanager": "InvalidParameterException",
    "sns": "InvalidParameter",
    "sqs": "InvalidParameterValue",
    "sts": "ValidationError",
}
# Names whose rules are no part of the model.
NAMES = {
    ("ec2", "CreateSecurityGroup", "GroupName"): "a security group's name",
    ("elbv2", "CreateLoadBalancer", "Name"): "a load balancer's name",
    ("elbv2", "CreateTargetGroup", "Name"): "a target group's name",
    ("rds", "CreateDBInstance", "DBInstanceIdentifier"): "an identifier of a DB instance",
    ("rds", "CreateDBParameterGroup", "DBParameterGroupName"): "a DB parameter group's name",
    ("rds", "CreateDBSubnetGroup", "DBSubnetGroupName"): "a DB subnet group's name",
    ("logs", "CreateLogGroup", "logGroupName"): "a log group's name",
    ("ecs", "CreateCluster", "clusterName"): "a cluster's name",
    ("ecs", "CreateService", "serviceName"): "a service's or container's name",
    ("ecs", "RegisterTaskDefinition", "family"): "a task definition's family",
    ("sns", "CreateTopic", "Name"): "a topic's name",
    ("sqs", "CreateQueue", "QueueName"): "a queue's name",
    ("lambda", "CreateFunction", "FunctionName"): "a function's name",
    ("kms", "CreateAlias", "AliasName"): "a key's alias",
    ("ssm", "PutParameter", "Name"): "a parameter's name",
    ("budgets", "CreateBudget", "BudgetName"): "a budget's name",
}
TAGGED = {
    "ec2": "Amazon EC2",
    "elbv2": "Elastic Load Balancing",
    "rds": "Amazon RDS",
    "iam": "AWS Identity and Access Management",
    "logs": "Amazon CloudWatch Logs",
    "cloudwatch": "Amazon CloudWatch",
    "ecs": "Amazon ECS",
    "ecr": "Amazon ECR",
    "application-autoscaling": "Application Auto Scaling",
    "sns": "Amazon SNS",
    "sqs": "Amazon SQS",
    "events": "Amazon EventBridge",
    "scheduler": "Amazon EventBridge Scheduler",
    "lambda": "AWS Lambda",
    "firehose": "Amazon Data Firehose",
    "kms": "AWS KMS",
    "secretsmanager": "AWS Secrets Manager",
    "budgets": "AWS Budgets",
    "acm": "AWS Certificate Manager",
    "route53": aws_tags.ROUTE_53,
}
# What the models write in Java's way: letters, digits and spaces of any script.
JAVA = {
    r"\p{L}": r"\w",
    r"\p{N}": "",
    r"\p{Z}": r" \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000",
    r"\p{Print}": r"[\x20-\x7e]",
}


class Refusal(ServiceException):
    """Of this module and not of moto's, whose name would be taken for a service's."""


@override(BaseResponse, "call_action")
def _call_action(original: Any, self: BaseResponse) -> Any:
    """The call, unless a parameter breaks its API's model."""
    fault = _fault(self)
    return self.serialized(ActionResult(fault)) if fault else original(self)


def _fault(response: BaseResponse) -> Exception | None:
    service, operation = response.boto3_service_name, response._get_action()
    model = get_service_model(service)
    if operation not in model.operation_names:
        return None
    shape = model.operation_model(operation).input_shape
    if shape is None:
        return None
    parameters = parameters_of(response, operation)
    faults = list(_shape_faults(shape, parameters, ""))
    if faults:
        count = f"{len(faults)} validation error{'s' if len(faults) > 1 else ''} detected: "
        return Refusal(CODES.get(service, "ValidationException"), count + "; ".join(faults))
    return _name_fault(service, operation, parameters) or _tags_fault(service, shape, parameters)


def parameters_of(response: BaseResponse, operation: str) -> dict[str, Any]:
    """As BaseResponse.parse_parameters, which only some of moto's services call."""
    request, model = response.normalized_request, get_service_model(response.boto3_service_name)
    parser = PROTOCOL_PARSERS[determine_request_protocol(model, request.content_type)](model.operation_model(operation))
    found: dict[str, Any] = parser.parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.data,
            "url_path": request.path,
            "url_params": response.uri_match,
        }
    )
    return found


@functools.cache
def _pattern(expression: str) -> re.Pattern[str] | None:
    """The model's pattern for Python, None for one that only Java can read."""
    for java, python in JAVA.items():
        expression = expression.replace(java, python)
    try:
        return re.compile(expression)
    except re.error:
        return None


def _shape_faults(shape: Any, value: Any, path: str) -> Iterator[str]:
    """What in a parameter breaks the constraints of its shape, in the services' own words."""
    if value is None:
        return
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            if isinstance(value, dict) and name in value:
                yield from _shape_faults(member, value[name], f"{path}.{name}" if path else name)
        return
    constraint = _broken(shape, value)
    if constraint:
        shown = "" if shape.metadata.get("sensitive") else f"Value '{value}' at "
        yield f"{shown}'{path}' failed to satisfy constraint: Member must {constraint}"
    if shape.type_name == "list":
        for number, item in enumerate(value, 1):
            yield from _shape_faults(shape.member, item, f"{path}.{number}.member")
    elif shape.type_name == "map":
        for key, item in value.items():
            yield from _shape_faults(shape.key, key, f"{path}.key")
            yield from _shape_faults(shape.value, item, f"{path}.{key}.member")


def _broken(shape: Any, value: Any) -> str | None:
    limits = shape.metadata
    if shape.type_name == "string" and isinstance(value, str):
        pattern = _pattern(limits["pattern"]) if "pattern" in limits else None
        if pattern and not pattern.fullmatch(value):
            return f"satisfy regular expression pattern: {limits['pattern']}"
        if limits.get("enum") and value not in limits["enum"]:
            return f"satisfy enum value set: [{', '.join(limits['enum'])}]"
    size = len(value) if isinstance(value, (str, list, dict)) else value
    if isinstance(size, bool) or not isinstance(size, (int, float)) or shape.type_name == "timestamp":
        return None
    what = "have length" if isinstance(value, (str, list, dict)) else "have value"
    if "max" in limits and size > limits["max"]:
        return f"{what} less than or equal to {limits['max']}"
    if "min" in limits and size < limits["min"]:
        return f"{what} greater than or equal to {limits['min']}"
    return None


def _name_fault(service: str, operation: str, parameters: dict[str, Any]) -> Exception | None:
    for (named, call, parameter), thing in NAMES.items():
        name = parameters.get(parameter) or parameters.get("Budget", {}).get(parameter)
        if (named, call) == (service, operation) and name and not _fits(service, thing, name):
            rule = aws_names.RULES[thing]
            message = f"Value ({name}) for parameter {parameter} is invalid. It takes {rule.accepts}."
            return Refusal(CODES.get(service, "ValidationException"), message)
    return None


def _fits(service: str, thing: str, name: str) -> bool:
    # RDS stores names in lower case, however they are written; a function may be named by its ARN
    given = name.lower() if service == "rds" else name.rpartition(":")[2] if service == "lambda" else name
    return aws_names.fits(thing, given)


def _tags_fault(service: str, shape: Any, parameters: dict[str, Any]) -> Exception | None:
    if service not in TAGGED:
        return None
    rule = aws_tags.RULES[TAGGED[service]]
    for tags in _tags(shape, parameters):
        for key, value in tags:
            for what, fault in (("key", aws_tags.key_fault(rule, key)), ("value", aws_tags.value_fault(rule, value))):
                if fault and not key.startswith("aws:"):
                    message = f"Tag {what} of {key!r} is invalid: {rule.service} takes {fault}."
                    return Refusal(CODES.get(service, "ValidationException"), message)
        if not rule.case_sensitive_keys and aws_tags.same_but_for_case([key for key, _value in tags]):
            # as IAM says it
            message = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
            return Refusal("InvalidInput", message)
        if len(tags) > rule.most_tags:
            return Refusal(CODES.get(service, "ValidationException"), f"More than {rule.most_tags} tags.")
    return None


def _tags(shape: Any, value: Any) -> Iterator[list[tuple[str, str]]]:
    """The sets of tags in a call's parameters."""
    if value is None:
        return
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            if isinstance(value, dict) and name in value:
                yield from _tags(member, value[name])
    elif shape.type_name == "list" and shape.member.type_name == "structure":
        names = {name.lower().removeprefix("tag"): name for name in shape.member.members}
        if "tag" in shape.member.name.lower() and {"key", "value"} <= names.keys():
            yield [(str(item.get(names["key"], "")), str(item.get(names["value"]) or "")) for item in value]
        else:
            for item in value:
                yield from _tags(shape.member, item)
    elif shape.type_name == "map" and "tag" in shape.name.lower():
        yield [(str(key), str(item)) for key, item in value.items()]


@override(Route53Backend, "change_tags_for_resource")
def _change_tags_for_resource(
    original: Any, self: Route53Backend, resource_type: str, resource_id: str, add_tags: Any, remove_tag_keys: Any
) -> None:
    """ChangeTagsForResource: 10 tags for a health check or a hosted zone, those that it has among them."""
    before = dict(self.resource_tags.get(resource_id, {}))
    original(self, resource_type, resource_id, add_tags, remove_tag_keys)
    most = aws_tags.RULES[aws_tags.ROUTE_53].most_tags
    if len(self.resource_tags.get(resource_id, {})) > most:
        self.resource_tags[resource_id] = before
        raise Refusal(CODES["route53"], f"More than {most} tags.")


@override(S3Backend, "create_bucket")
def _create_bucket(original: Any, self: S3Backend, bucket_name: str, *arguments: Any, **options: Any) -> Any:
    """General purpose bucket naming rules, Amazon S3 user guide."""
    if not aws_names.fits("a bucket's name", bucket_name):
        raise InvalidBucketName
    return original(self, bucket_name, *arguments, **options)


@override(S3Backend, "put_bucket_tagging")
def _put_bucket_tagging(original: Any, self: S3Backend, bucket_name: str, tags: dict[str, str]) -> None:
    """PutBucketTagging: InvalidTag."""
    rule = aws_tags.RULES["Amazon S3"]
    for key, value in tags.items():
        if aws_tags.key_fault(rule, key):
            raise InvalidTagError("The TagKey you have provided is invalid")
        if aws_tags.value_fault(rule, value):
            raise InvalidTagError("The TagValue you have provided is invalid")
    original(self, bucket_name, tags)
