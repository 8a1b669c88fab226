# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: s3_empty_bucket
version_added: 0.2.0
short_description: Tell whether a bucket is empty, and empty it
author: TriFlow AI (@triflow-ai)
description:
  - A bucket holds something as long as it has a version of an object or a delete marker; S3 deletes no such bucket.
  - With O(delete=true) all of them are deleted, a thousand a call (DeleteObjects in the Amazon S3 API reference), and
    it says how many are gone. Nothing brings them back.
options:
  bucket:
    description: Name of the bucket. One that does not exist is empty.
    type: str
    required: true
  delete:
    description: Delete what it holds.
    type: bool
    default: false
  timeout:
    description: Longest time for it, in seconds. Another run goes on where this one ended.
    type: int
    default: 3600
  region:
    description: AWS region, from C(module_defaults).
    type: str
extends_documentation_fragment:
  - triflow.platform.stack
attributes:
  check_mode:
    description: Deletes nothing, and answers as if it had.
    support: full
"""

EXAMPLES = r"""
- name: Empty the bucket
  triflow.platform.s3_empty_bucket:
    bucket: triflow-ai-dev
    delete: true
"""

RETURN = r"""
empty:
  description: Whether the bucket is empty now, or would be.
  returned: success
  type: bool
deleted:
  description: How many versions and delete markers were deleted.
  returned: success
  type: int
"""
