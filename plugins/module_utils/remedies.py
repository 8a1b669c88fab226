# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the errors of AWS and of boto3 mean, and what to do: a table that failures.py reads.

AWS names an error by a code; boto3 has a class for what fails before or without an answer. A stock module hands on the
words only. So a row has an expression for ``code or class: words``; the first row that is found is taken.
"""

from __future__ import annotations

from typing import NamedTuple

_DENIED = (
    r"^(\w*AccessDenied\w*|Unauthorized(Operation|Exception)?|\w*NotAuthorized\w*|AuthorizationError\w*|403|"
    r"Forbidden):"
)
_MESSAGES = "IAM User Guide, Troubleshoot access denied error messages"
_COMMON = "AWS API references, Common Error Types"
_EC2 = "EC2 API Reference, Error codes"
_S3 = "S3 API Reference, Error responses"
_BOTO3 = "Boto3 documentation, Error handling"
_CREDENTIALS = "Boto3 documentation, Credentials"
_NETWORK = (
    "Look at the network, proxy and firewall of this machine, at stack_region and at AWS_ENDPOINT_URL, which is for "
    "the lab only; then run again"
)
_RENEW = "Renew the credentials and run again; what is done stays done"


class Remedy(NamedTuple):
    """An error, by its code or class and its words, and what to do.

    ``{action}``, ``{resource}`` and ``{user}`` in the remedy are those that AWS's words name.
    """

    fault: str  # expression, searched in "code or class: words", in any case
    reason: str
    remedy: str
    source: str


# Who calls, from where and how often.
CALLER_REMEDIES = (
    # Access. AWS says which kind of policy refuses.
    Remedy(
        r"^(\w*KMS\w*AccessDenied\w*|KMSKeyNotAccessibleFault|\w*(Encryption|Decryption)Failure):|"
        r"not authorized to perform: kms:|the ciphertext refers to a (customer )?master key",
        "the KMS key may not be used",
        "Grant {action} on the key, in its key policy and to {user}, and see that the key is enabled",
        "KMS Developer Guide, Troubleshooting key access",
    ),
    *(
        Remedy(f"{_DENIED}.*(explicit deny in an? |because no ){words}", reason, remedy, _MESSAGES)
        for words, reason, remedy in (
            (
                r"(service|resource) control policy",
                "the organization does not allow it",
                "No grant of the account beats that: have whoever manages the organization allow {action}, or use "
                "another account",
            ),
            (
                "permissions boundary",
                "the permissions boundary does not allow it",
                "Add {action} to the permissions boundary of {user}, too",
            ),
            (
                "session policy",
                "the session policy does not allow it",
                "Add {action} to the policy with which the role is assumed, or assume it without one",
            ),
            (
                "VPC endpoint policy",
                "the VPC endpoint does not allow it",
                "Allow {action} in the policy of the VPC endpoint that this machine's calls take",
            ),
        )
    ),
    Remedy(
        f"{_DENIED}.*explicit deny",
        "a policy denies it",
        "A Deny beats each grant: take {action} out of it, or use another identity than {user}",
        _MESSAGES,
    ),
    Remedy(
        _DENIED + r"|is not authorized to perform|not authorized to perform this operation",
        "no policy allows it",
        "Grant {action} on {resource} to {user}, or use another identity",
        _MESSAGES,
    ),
    # Credentials and the account.
    Remedy(
        r"^(SignatureDoesNotMatch|InvalidSignature\w*|RequestTimeTooSkewed|RequestInTheFuture|AuthFailure):.*"
        r"(expired|not yet current|skew|difference between|earlier than|later than)|^RequestTimeTooSkewed:|"
        r"Signature (expired|not yet current)",
        "the clock of this machine is wrong",
        "Set it, by NTP, and run again",
        f"{_S3}; Signature Version 4, Troubleshooting",
    ),
    Remedy(
        r"^(SignatureDoesNotMatch|InvalidSignature\w*|IncompleteSignature\w*):",
        "the signature is wrong",
        "Look at the secret access key, which has to be whole, at the clock of this machine, and at a proxy that "
        "changes requests",
        "IAM User Guide, Troubleshoot Signature Version 4 requests",
    ),
    Remedy(
        r"^(ExpiredToken\w*|RequestExpired|TokenRefreshRequired|UnauthorizedSSOTokenError|LoginRefreshRequired):|"
        r"security token included in the request is expired|SSO session .* has expired",
        "the credentials have expired",
        _RENEW,
        _COMMON,
    ),
    Remedy(
        r"^(SSOTokenLoadError|TokenRetrievalError|LoginTokenLoadError|SSOError|LoginError):",
        "there is no sign-on",
        "Sign on with aws sso login or aws login and the profile of AWS_PROFILE, then run again",
        _CREDENTIALS,
    ),
    Remedy(
        r"^(NoCredentialsError|PartialCredentialsError|NoAuthTokenError|MissingAuthenticationToken\w*):|"
        r"Unable to locate credentials|Partial credentials found",
        "there are no credentials",
        "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY",
        _CREDENTIALS,
    ),
    Remedy(
        r"^(ProfileNotFound|ConfigParseError|ConfigNotFound|CredentialRetrievalError|MetadataRetrievalError|"
        r"UnknownCredentialError):|^:.*The config profile \(.*\) could not be found",
        "boto3 cannot read the credentials",
        "Correct AWS_PROFILE and the shared files of the AWS CLI, or what gives this machine its role",
        _CREDENTIALS,
    ),
    Remedy(
        r"^(InvalidClientTokenId|UnrecognizedClient\w*|InvalidAccessKeyId|AuthFailure|InvalidToken):|"
        r"security token included in the request is invalid",
        "AWS does not know these credentials",
        "Look at the keys, and at the session token when they are temporary; where they are good elsewhere, the region "
        "is not enabled for the account: enable it, or correct stack_region",
        f"{_COMMON}; Account Management Reference Guide, Enable or disable AWS Regions",
    ),
    Remedy(
        r"^(OptInRequired|SubscriptionRequired\w*|NotSignedUp|AccountProblem|Blocked|PendingVerification|"
        r"InvalidPaymentMethod\w*):",
        "the account may not use this service or region",
        "Enable the region for the account, or sign up for the service and see that the account is verified and paid",
        f"{_COMMON}; {_EC2}",
    ),
    # What passes: the policy of retries has been at its end by then.
    Remedy(
        r"^(\w*Throttl\w*|TooManyRequests\w*|RequestLimitExceeded|SlowDown|PriorRequestNotComplete|"
        r"BandwidthLimitExceeded|ProvisionedThroughputExceeded\w*|TransactionInProgress\w*):|Rate exceeded",
        "AWS is asked too often",
        "Something else asks as well, or the account's limit is low: run again later or with fewer --forks, or raise "
        "stack_retry_seconds; what is done stays done",
        "AWS SDKs and Tools Reference Guide, Retry behavior",
    ),
    Remedy(
        r"^AnswerLost:|AWS may have carried it out",
        "nobody knows whether the call was carried out",
        "The next run finds what it has made by its tags, and goes on from there",
        _BOTO3,
    ),
    Remedy(
        r"^(Internal(Error|Failure|Server\w*|Service\w*)|Service(Unavailable\w*|Exception)|Unavailable|5\d\d|"
        r"RequestTimeout\w*|HttpTimeout\w*):|^ResponseParserError:|Unable to parse response|what answered is not AWS",
        "AWS does not answer as it should",
        "It passes by itself mostly: look at the AWS Health Dashboard, and run again; what is done stays done",
        _COMMON,
    ),
    # The network.
    Remedy(
        r"name or service not known|name resolution|NameResolutionError|getaddrinfo|nodename nor servname|"
        r"failed to resolve",
        "the name of AWS's endpoint is not resolved",
        "Look at the DNS of this machine and at stack_region, then run again",
        _BOTO3,
    ),
    Remedy(
        r"^SSLError:|SSL validation failed|CERTIFICATE_VERIFY_FAILED",
        "AWS's endpoint does not prove to be AWS",
        "A proxy that opens TLS needs its authority in AWS_CA_BUNDLE; without one, do not go on from this network",
        "AWS SDKs and Tools Reference Guide, AWS_CA_BUNDLE",
    ),
    Remedy(
        r"^(EndpointConnectionError|ConnectTimeoutError|ProxyConnectionError|ConnectionError|HTTPClientError|"
        r"NewConnectionError|ConnectionRefusedError):|Could not connect to the endpoint|Connect timeout on endpoint|"
        r"Failed to connect to proxy",
        "AWS cannot be reached",
        _NETWORK,
        _BOTO3,
    ),
    Remedy(
        r"^(ReadTimeoutError|ConnectionClosedError|IncompleteReadError|ResponseStreamingError|ProtocolError|"
        r"ConnectionResetError|BrokenPipeError):|Read timeout on endpoint|Connection was closed before",
        "the connection to AWS was cut",
        _NETWORK,
        _BOTO3,
    ),
    Remedy(
        r"^(NoRegionError|InvalidRegionError|UnknownRegionError|UnknownEndpointError|EndpointResolutionError|"
        r"AuthorizationHeaderMalformed|PermanentRedirect|IllegalLocationConstraintException):",
        "the region is wrong",
        "Correct stack_region",
        f"{_S3}; {_BOTO3}",
    ),
)

# What is asked for. A call that knows better says so itself.
RESOURCE_REMEDIES = (
    Remedy(
        r"^Insufficient\w*(Capacity|Resources)\w*:|^Capacity\w*Exception:",
        "AWS has no capacity of that kind there now",
        "Run again later, or choose another class",
        f"{_EC2}; RDS API Reference, CreateDBInstance",
    ),
    Remedy(
        r"^Insufficient(FreeAddresses\w*):",
        "the subnet has no free address",
        "Free some, or choose larger ranges for the subnets",
        _EC2,
    ),
    Remedy(
        r"^(\w*LimitExceeded\w*|\w*QuotaExceeded\w*|\w*QuotaViolation\w*|TooMany\w+|MaxNumberOf\w+|LimitExceeded\w*):",
        "a quota of the account is used up",
        "Ask for more in Service Quotas, or delete what is not needed, then run again",
        "Service Quotas User Guide; each service's API reference",
    ),
    Remedy(
        r"^(DependencyViolation|ResourceInUse\w*|DeleteConflict\w*|\w*StillInUse\w*|HostedZoneNotEmpty|BucketNotEmpty|"
        r"RepositoryNotEmptyException):",
        "something still uses it",
        "Something outside this stack, when it lasts: remove that first, then run again",
        _EC2,
    ),
    Remedy(
        r"^(Invalid(VPC|Subnet|Group|RouteTable|Allocation|NatGateway)\w*\.NotFound|\w*NotFound\w*|NoSuch\w+|404):",
        "it is not there",
        "AWS may not list it yet: run again; when it lasts, somebody has deleted it meanwhile",
        "EC2 Developer Guide, Eventual consistency in the Amazon EC2 API",
    ),
    Remedy(
        r"^ParamValidationError:|Parameter validation failed",
        "boto3 does not take the parameters",
        "Install the version of boto3 of requirements/run.txt; if it lasts, it is a fault of this collection",
        _BOTO3,
    ),
)
