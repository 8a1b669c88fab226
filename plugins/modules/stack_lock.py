# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: stack_lock
version_added: 0.1.0
short_description: Keep other runs away from a stack until this one ends
author: TriFlow AI (@triflow-ai)
description:
  - Creates the SSM parameter C(/triflow/<stack>/lock), which only one run at a time can do. It says which run holds it,
    who started that, since when and what it runs. It holds no secret, and is no part of the stack. No run counts it as
    a change.
  - Fails at once when another run holds it. A run that holds it already goes on.
  - The callback P(triflow.platform.stack_lock#callback) frees it when the run ends. Without that callback nothing is
    locked, and the module fails.
options:
  break_run:
    description:
      - Which lock to break, as its refusal says it. That is the id of a dead run, or C(other-) with a digest of what
        stands where no run has written the parameter. Any other lock is left alone.
    type: str
    default: ""
  awx_job:
    description: The AWX job that runs this, for people to read.
    type: str
    default: ""
  region:
    description: AWS region, from C(module_defaults).
    type: str
extends_documentation_fragment:
  - triflow.platform.stack
attributes:
  check_mode:
    description: Takes no lock. Warns when a run holds it.
    support: full
"""

EXAMPLES = r"""
- name: Take the lock
  triflow.platform.stack_lock:

- name: Take the lock of a run that was killed
  triflow.platform.stack_lock:
    break_run: 1f0c5e9a

- name: Take the lock that somebody has written by hand
  triflow.platform.stack_lock:
    break_run: other-5d41402a
"""

RETURN = r"""
lock:
  description:
    - This run's lock. In check mode, and when it is refused, the one that is there.
    - One that no run has written has C(run), which breaks it, C(value), C(type), C(version) and C(since).
  returned: when there is one
  type: dict
  sample:
    run: 1f0c5e9a
    holder: ops@workstation (AWX job 42)
    playbook: site.yml
    since: "2026-01-20T03:00:00+00:00"
parameter:
  description: Name of the SSM parameter.
  returned: when the lock was taken
  type: str
  sample: /triflow/triflow-prod/lock
region:
  description: AWS region of the parameter.
  returned: when the lock was taken
  type: str
  sample: ap-northeast-2
"""
