"""Write docs/roles/*.md, docs/plugins.md and docs/aws.md from the argument specs, the defaults, the plugins'
documentation and the tables of AWS's rules.

`make docs` runs it; tests/unit/test_docs.py fails when the committed pages differ from what it would write.
"""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).resolve().parent.parent
NOTICE = "<!-- Written by `make docs` from the sources. Change those. -->"
ROLE_TESTS = {
    "alarms": "molecule/default/tests/test_alarms.py",
    "alb": "molecule/default/tests/test_edge.py",
    "autoscaling": "molecule/default/tests/test_compute.py",
    "cost": "tests/integration/test_cost.py",
    "dashboard": "molecule/default/tests/test_dashboard.py",
    "dns": "molecule/default/tests/test_edge.py",
    "drift": "tests/integration/test_drift.py",
    "ecr": "molecule/default/tests/test_compute.py",
    "ecs": "molecule/default/tests/test_compute.py",
    "iam": "molecule/default/tests/test_compute.py",
    "logs": "molecule/default/tests/test_logs.py",
    "nights": "tests/integration/test_nights.py",
    "notifications": "molecule/default/tests/test_notifications.py",
    "preflight": "tests/integration/test_bad_input.py",
    "rds": "molecule/default/tests/test_database.py",
    "release": "tests/integration/test_release.py",
    "s3": "molecule/default/tests/test_bucket.py",
    "security_groups": "molecule/default/tests/test_network.py",
    "vpc": "molecule/default/tests/test_network.py",
}
UTILITIES = "ansible_collections.triflow.platform.plugins.module_utils"


class AwsTable(NamedTuple):
    """What AWS documents, as the code has it: a tuple of NamedTuple in a file of plugins/module_utils."""

    title: str
    text: str
    module: str
    name: str


AWS_TABLES = (
    AwsTable(
        "What AWS takes as names",
        "A name that a service refuses is refused by the preflight, with the service's name.",
        "aws_names",
        "NAME_RULES",
    ),
    AwsTable(
        "What AWS takes as tags",
        "`stack_tags` go to all of these, so the strictest one decides.",
        "aws_tags",
        "TAG_RULES",
    ),
    AwsTable(
        "Memory of DB instance classes",
        "`rds_max_connections` is warned of when it is more than RDS would allow by itself with that memory.",
        "data_checks",
        "MEMORIES",
    ),
    AwsTable(
        "How long CloudWatch keeps a log group's events",
        "Any other number of days is refused, by CloudWatch and by the preflight.",
        "log_checks",
        "RETENTIONS",
    ),
    AwsTable(
        "What a status means",
        "For somebody who waits: `ready` does its work, `passes` becomes something else by itself, `never` does not "
        "become ready any more, `remedy` becomes ready after what the note says. Waiters end at once at the last two. "
        "A status that stands in no row is waited for, and named as unknown when the time is over.",
        "statuses",
        "STATUSES",
    ),
    AwsTable(
        "When RDS takes a change of the storage",
        "Anything else is refused in the plan.",
        "db_storage",
        "STORAGE_RULES",
    ),
    AwsTable(
        "Who signs the certificates of RDS",
        "Shipped in `roles/rds/files/ca/`, for these regions. For another one `rds_ca_file` names a file.",
        "rds_certificates",
        "AUTHORITIES",
    ),
    AwsTable(
        "Buckets of AWS that are read from inside a VPC",
        "The gateway endpoint for S3 lets these through, beside the stack's own bucket and `vpc_s3_endpoint_buckets`.",
        "endpoint_policy",
        "SERVICE_BUCKETS",
    ),
    AwsTable(
        "What AWS refuses for a while after a write",
        "A call that is refused so is repeated, after a second first and then ever less often, for so many seconds at "
        "most. Part of the message decides where the code stands for lasting refusals, too. Operations are named by "
        "their beginnings, as boto3 writes them; a row without any is for stock modules.",
        "consistency",
        "PASSING",
    ),
    AwsTable(
        "What to do when AWS refuses a call, or cannot be asked",
        "The fault is an expression, searched in AWS's code or boto3's class, a colon, and the words; the first row "
        "that is found counts. These lie with who calls, from where and how often.",
        "remedies",
        "CALLER_REMEDIES",
    ),
    AwsTable(
        "What to do when AWS refuses what is asked for",
        "Read as the table above, unless the call itself knows better.",
        "remedies",
        "RESOURCE_REMEDIES",
    ),
    AwsTable(
        "What to do when PostgreSQL refuses",
        "The fault is an expression, searched in the SQLSTATE, a colon, and the words of the server or of libpq; the "
        "first row that is found counts.",
        "remedies_postgresql",
        "POSTGRESQL_REMEDIES",
    ),
    AwsTable(
        "Errors that pass by themselves",
        "Whatever was asked for, for at most `stack_retry_seconds`. Where `lost` is yes, the call may have been "
        "carried out all the same. LimitExceededException is none: for most services it is a quota.",
        "retry_tables",
        "PASSING_CODES",
    ),
    AwsTable(
        "HTTP statuses that pass by themselves",
        "Unless the code says that something is used up.",
        "retry_tables",
        "PASSING_STATUSES",
    ),
    AwsTable(
        "Calls that write and are repeated after a lost answer",
        "Besides those that carry a token. Any other one is not: somebody looks whether it was carried out.",
        "retry_tables",
        "SAFE_TO_REPEAT",
    ),
    AwsTable(
        "Tokens by which AWS knows a repeated call",
        "Besides those that botocore fills itself.",
        "retry_tables",
        "TOKENS",
    ),
    AwsTable(
        "Quotas of an account",
        "Preflight warns when less is left than a stack needs that does not stand yet, and says how to raise it. "
        "Service Quotas is asked only where the default would not do, or where AWS gives a new account less.",
        "quotas",
        "QUOTAS",
    ),
    AwsTable(
        "Where SMS are sent from",
        "The preflight refuses a `notifications_sms_region` without End User Messaging SMS, and the lab answers there"
        " as AWS does. SNS's own list is another one: from Seoul it sends none.",
        "sms_regions",
        "SMS_REGIONS",
    ),
)
FILTER_TESTS = "tests/unit/test_filters.py"
CODE = re.compile(r"\b[COVM]\(([^)]*)\)|\bP\(([^#)]*)#\w+\)")


class BlockDumper(yaml.SafeDumper):
    """Indents lists below their key, as ansible-lint wants it."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def roles() -> list[str]:
    return sorted(path.parents[1].name for path in ROOT.glob("roles/*/meta/argument_specs.yml"))


def argument_spec(role: str) -> dict[str, Any]:
    """Return the spec of the role's entry point `main`."""
    spec: dict[str, Any] = load(ROOT / f"roles/{role}/meta/argument_specs.yml")["argument_specs"]["main"]
    return spec


def defaults(role: str) -> dict[str, Any]:
    path = ROOT / f"roles/{role}/defaults/main.yml"
    return load(path) if path.exists() else {}


def plugins(kind: str) -> list[str]:
    """Return the names of the plugins of a kind: modules, action, filter, callback, connection or lookup."""
    return sorted(path.stem for path in (ROOT / "plugins" / kind).glob("*.py"))


def documented(path: Path, name: str) -> Any:
    """Return the content of DOCUMENTATION or EXAMPLES of a plugin, None when it has none. Nothing is imported."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == name for to in node.targets):
            return yaml.safe_load(ast.literal_eval(node.value))
    return None


def tested_in(kind: str, name: str) -> str | None:
    """Return the file that tests a role or a plugin, None when there is none."""
    if kind == "roles":
        return ROLE_TESTS.get(name)
    found = sorted(ROOT.glob(f"tests/*/test_{name}.py"))
    if found:
        return str(found[0].relative_to(ROOT))
    named = kind == "filter" and f'"{name}"' in (ROOT / FILTER_TESTS).read_text(encoding="utf-8")
    return FILTER_TESTS if named else None


def markdown(description: str | list[str]) -> str:
    """Return a description with Ansible's markup turned into Markdown."""
    text = description if isinstance(description, str) else " ".join(description)
    return CODE.sub(lambda match: f"`{match[1] or match[2]}`", text)


def flow(value: Any) -> str:
    """Return a value as YAML in one line."""
    text: str = yaml.safe_dump(value, default_flow_style=True, width=10_000)
    return text.removesuffix("...\n").strip()


def table(header: list[str], rows: list[list[str]]) -> list[str]:
    lines = [header, ["---"] * len(header), *rows]
    return [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines]


def link(path: str | None, up: str) -> str:
    return f"[{path}]({up}{path})" if path else "none"


def record_values() -> dict[str, tuple[str, Any]]:
    """Return for each variable of the stack triflow-prod the file that sets it, and its value."""
    inventory = "inventories/prod/hosts.yml"
    files = {str(path.relative_to(ROOT)): load(path) for path in sorted(ROOT.glob("group_vars/all/*.yml"))}
    ((stack, own),) = load(ROOT / inventory)["prod"]["hosts"].items()
    values = {name: (path, value) for path, content in files.items() for name, value in content.items()}
    values |= {name: (inventory, value) for name, value in own.items()}
    return values | {"stack_name": (values["stack_name"][0], stack)}


def reads(role: str) -> list[str]:
    """Return the variables of other roles that this one uses, without those that have a default."""
    files = [*ROOT.glob(f"roles/{role}/tasks/*.yml"), *ROOT.glob(f"roles/{role}/vars/*.yml")]
    text = " ".join(path.read_text(encoding="utf-8") for path in files) + flow(defaults(role))
    others = [other for other in roles() if other != role]
    if role == "preflight":  # it checks the variables of all roles
        return sorted(name for other in others for name in required(other))
    names = {name for other in others for name in required(other)}
    return sorted(name for name in names if re.search(rf"\b{name}\b", text))


def required(role: str) -> list[str]:
    return [name for name, option in argument_spec(role)["options"].items() if option.get("required")]


def variable_rows(role: str) -> list[list[str]]:
    given, values = defaults(role), record_values()

    def rows(name: str, option: dict[str, Any], default: str) -> list[list[str]]:
        kind = option["type"] + (f" of {option['elements']}" if "elements" in option else "")
        choices = ", ".join(f"`{choice}`" for choice in option.get("choices", []))
        text = markdown(option["description"]) + (f" One of {choices}." if choices else "")
        row = [f"`{name}`", kind, default, link(values[name][0], "../../") if name in values else "", text]
        inner = option.get("options", {}).items()
        return [row, *(found for key, sub in inner for found in rows(f"{name}[].{key}", sub, default_of(sub, None)))]

    def default_of(option: dict[str, Any], value: Any) -> str:
        value = option.get("default") if value is None else value
        return "**required**" if option.get("required") else "" if value is None else f"`{flow(value)}`"

    options = argument_spec(role)["options"].items()
    return [row for name, option in options for row in rows(name, option, default_of(option, given.get(name)))]


def example(role: str) -> str:
    """Return a playbook that uses the role with the variables that it cannot do without."""
    values = {name: value for name, (_unused, value) in record_values().items()}
    stack = {"region": values["stack_region"], "stack": values["stack_name"]}
    play = {
        "name": f"Use {role}",
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "module_defaults": {"group/triflow.platform.aws": stack},
        "vars": {name: values[name] for name in dict.fromkeys([*required(role), *reads(role)])},
        "tasks": [{"name": "Run the role", "ansible.builtin.import_role": {"name": f"triflow.platform.{role}"}}],
    }
    text: str = yaml.dump([play], Dumper=BlockDumper, sort_keys=False, width=110)
    return text.strip()


def role_page(role: str) -> str:
    spec = argument_spec(role)
    description = [markdown(text) for text in spec.get("description", [])]
    others = ", ".join(f"`{name}`" for name in reads(role))
    return "\n".join(
        [
            f"# Role {role}",
            "",
            NOTICE,
            "",
            f"{markdown(spec['short_description'])}.",
            "",
            *[line for text in description for line in (text, "")],
            f"Source: [roles/{role}](../../roles/{role}/). Test: {link(tested_in('roles', role), '../../')}.",
            "",
            "## Variables",
            "",
            "The fourth column names the file that holds the record's value.",
            "",
            *table(["variable", "type", "default", "set in", "meaning"], variable_rows(role)),
            "",
            *([f"It also reads {others}, which belong to other roles.", ""] if others else []),
            "## Example",
            "",
            "```yaml",
            example(role),
            "```",
            "",
        ]
    )


def plugin_rows(kind: str, names: list[str], documentation: str) -> list[list[str]]:
    rows = []
    for name in names:
        text = markdown(documented(ROOT / f"plugins/{documentation}/{name}.py", "DOCUMENTATION")["short_description"])
        row = [f"`{name}`", text, link(f"plugins/{kind}/{name}.py", "../")]
        rows.append([*row, link(tested_in(kind, name), "../")])
    return rows


def plugins_page() -> str:
    actions = plugins("action")
    kinds = {
        "Modules": ("modules", [name for name in plugins("modules") if name not in actions], "modules"),
        "Actions": ("action", actions, "modules"),
        "Filters": ("filter", plugins("filter"), "filter"),
        "Callbacks": ("callback", plugins("callback"), "callback"),
        "Connections": ("connection", plugins("connection"), "connection"),
        "Lookups": ("lookup", plugins("lookup"), "lookup"),
    }
    lines = [
        "# Plugins",
        "",
        NOTICE,
        "",
        "All options and examples: `ansible-doc triflow.platform.<name>`, for some with `-t filter`, `-t callback`,",
        "`-t connection` or `-t lookup`.",
        "An action is used like a module, and runs inside Ansible itself. Its options are in `plugins/modules/`.",
        "",
    ]
    for title, (kind, names, documentation) in kinds.items():
        header = ["name", "what it does", "source", "test"]
        lines += [f"## {title}", "", *table(header, plugin_rows(kind, names, documentation)), ""]
    return "\n".join(lines)


def cell(value: Any) -> str:
    """Return a value of a table's row as text."""
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, (tuple, list, set, frozenset)) else str(value)


def aws_page() -> str:
    lines = [
        "# What AWS documents",
        "",
        NOTICE,
        "",
        "Facts that are AWS's and not this project's. The code reads the same tables, and each row names its source.",
        "",
    ]
    for title, text, module, name in AWS_TABLES:
        rows = getattr(import_module(f"{UTILITIES}.{module}"), name)
        header = [field.replace("_", " ") for field in rows[0]._fields]
        lines += [f"## {title}", "", text, "", f"Read from `plugins/module_utils/{module}.py`.", ""]
        lines += [*table(header, [[cell(value) for value in row] for row in rows]), ""]
    return "\n".join(lines)


def pages() -> dict[str, str]:
    """Return the text of each page by its path from the project's root."""
    single = {"docs/plugins.md": plugins_page(), "docs/aws.md": aws_page()}
    return {f"docs/roles/{role}.md": role_page(role) for role in roles()} | single


def main() -> None:
    for stale in ROOT.glob("docs/roles/*.md"):
        stale.unlink()
    for name, text in pages().items():
        path = ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    from ansible.plugins.loader import init_plugin_loader

    init_plugin_loader([str(ROOT / "collections")])  # so that the tables can be imported
    main()
