# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Values that no plan, diff, refusal or result shows: what looks like a secret, and what is marked as one.

What looks like one is told by the name of its variable or by its own form, here, for all that show values. What is
marked as one is a vaulted value: on the controller it carries its mark (``VaultedValue``) through templates, but not
into a module. So the filter ``ecs_task_definitions`` hands the names of the marked ones to the module, beside the
values, as ``secret_environment``, and the module hides these, too. A text that a template only put together from a
vaulted value has no mark.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

HIDDEN = "(hidden)"
OTHER = "(hidden, another value)"  # in the place of the new value, so that a change is seen

# The words of a secret's name. What follows them tells a secret from something about one: TOKEN_TTL, SECRET_NAME.
_NAME = re.compile(
    r"(password|passwd|passphrase|secret|token|credentials?|api_?key|access_?key|private_?key|"
    r"(^|[_.-])(key|pass|pwd|pat))(?![a-z])(?P<rest>.*)$",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"[_.-](url|uri|endpoint|host|path|dir|file|name|arn|prefix|header|type|algorithm|ttl|expiry|version|region|length)$",
    re.IGNORECASE,
)
# What is no secret by what it says: nothing, a switch, a number, a path, the ARN of what holds the secret.
_PLAIN = re.compile(
    r"|true|false|yes|no|on|off|[\d.]+|/[\w./-]*|arn:aws[\w-]*:(secretsmanager|ssm|kms):\S+", re.IGNORECASE
)
_CONTENT = {
    "an access key of AWS": r"\b(AKIA|ASIA)[A-Z0-9]{16}\b",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*",
    "an address with a password": r"\b[a-z][a-z0-9+.-]*://[^\s/:@]*:[^\s/@]+@",
    "a password": r"\b(password|passwd|pwd|AccountKey|SharedAccessKey)=[^\s;&]+",
    "a signed token": r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+",
    "an address of a Slack webhook": r"https://hooks\.slack\.com/(services|workflows|triggers)/\S+",
    "a token of Slack": r"\bxox[a-z]-[\w-]{10,}",
    "a token of GitHub": r"\b(gh[pousr]_\w{36,}|github_pat_\w{20,})",
    "a key of Google": r"\bAIza[\w-]{35}\b",
    "a secret key": r"\b(sk|rk)[-_](live|test|proj|ant|or)[-_][\w-]{10,}",
}
_ANY_CONTENT = re.compile("|".join(_CONTENT.values()))


def looks_secret(name: str, value: str) -> str | None:
    """Why a value of that name seems to be a secret, None when it does not."""
    for what, expression in _CONTENT.items():
        if re.search(expression, value):
            return f"it holds {what}"
    found = _NAME.search(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name))
    if found and not _ABOUT.search(found["rest"]) and not _PLAIN.fullmatch(value):
        return "its name is that of a secret"
    return None


def shown(value: Any) -> Any:
    """A value of any shape as it may be shown: a secret inside it is hidden."""
    if isinstance(value, Mapping):
        return {
            key: HIDDEN if isinstance(item, str) and looks_secret(str(key), item) else shown(item)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [shown(item) for item in value]
    return _ANY_CONTENT.sub(HIDDEN, value) if isinstance(value, str) else value


def shown_environments(
    live: Mapping[str, str], wanted: Mapping[str, str], secret: Collection[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Two environments as a diff may show them: ``secret`` are the names of those that are marked."""
    names = {
        name
        for environment in (live, wanted)
        for name, value in environment.items()
        if name in secret or looks_secret(name, value)
    }
    before = {name: HIDDEN if name in names else value for name, value in live.items()}
    after = {
        name: value if name not in names else HIDDEN if live.get(name, value) == value else OTHER
        for name, value in wanted.items()
    }
    return before, after
