"""Refuses calls for a region that does not exist.

On AWS such a call finds no endpoint. Here all regions share one, so the answer is what a service says to a signature
for another region: the credential's scope is wrong (General Reference, Troubleshooting Signature Version 4).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

SCOPE = re.compile(r"Credential=[^/]+/\d{8}/(?P<region>[^/]+)/")
MESSAGE = "Credential should be scoped to a valid region."
XML = "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>{}</Message></Error></ErrorResponse>"
S3_XML = "<Error><Code>AuthorizationHeaderMalformed</Code><Message>{}</Message></Error>"

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class KnownRegionsOnly:
    """WSGI middleware in front of the emulator."""

    def __init__(self, application: Application) -> None:
        from boto3 import Session

        session = Session()
        self.application = application
        self.regions = {
            region
            for partition in session.get_available_partitions()
            for region in session.get_available_regions("ec2", partition_name=partition)
        }

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        authorization = environ.get("HTTP_AUTHORIZATION", "")
        scope = SCOPE.search(authorization)
        if not scope or scope["region"] in self.regions:
            return self.application(environ, start_response)
        kind, body = "application/json", json.dumps({"__type": "InvalidSignatureException", "message": MESSAGE})
        if "/s3/aws4_request" in authorization:
            kind, body = "application/xml", S3_XML.format(MESSAGE)
        elif environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
            kind, body = "application/xml", XML.format(MESSAGE)
        start_response("403 Forbidden", [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [body.encode()]
