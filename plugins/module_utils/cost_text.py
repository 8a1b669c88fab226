# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A cost report as a table in the terminal, and as Markdown for a pull request: pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Report = dict[str, Any]
Table = list[list[str]]

NOT_IN_RECORD = "*"
FOOTNOTE = "* not in the record's table"
NOT_MEASURED = "not measured"


def krw(amount: int | None) -> str:
    return "" if amount is None else f"{amount:,}"


def signed(amount: int) -> str:
    return f"{amount:+,}"


def _number(value: float) -> str:
    return f"{value:,.4f}".rstrip("0").rstrip(".")


def _named(line: Report) -> str:
    name: str = line["text_en"]
    return name if line["in_record"] else f"{name} {NOT_IN_RECORD}"


def stack_table(stack: Report) -> Table:
    """Header and one row a line."""
    header = ["Line", "Record", "Quantity", "Unit", "USD a unit", "USD", "KRW", "Record KRW", "Note"]
    rows = [
        [
            _named(line),
            line["record_id"],
            _number(line["quantity"]),
            line["unit"],
            f"{line['unit_price_usd']:.8f}".rstrip("0").rstrip("."),
            f"{line['monthly_usd']:,.2f}",
            krw(line["monthly_krw"]),
            krw(line["record_monthly_krw"]),
            line["note_en"],
        ]
        for line in stack["lines"]
    ]
    return [header, *rows]


def summary_table(report: Report) -> Table:
    """Stacks side by side (COST-10)."""
    header = ["Stack", "USD a month", "KRW a month", "KRW reserved", "KRW a year", "KRW without nights"]
    rows = [
        [
            stack["stack"],
            f"{stack['total_usd']:,.2f}",
            krw(stack["total_krw"]),
            krw(stack["reserved"]["monthly_krw"]),
            krw(stack["on_demand"]["year_krw"]),
            krw(stack["always_on_krw"]),
        ]
        for stack in report["stacks"]
    ]
    if len(rows) > 1:
        sums = [
            krw(sum(stack["on_demand"]["year_krw"] for stack in report["stacks"])),
            krw(sum(stack["always_on_krw"] for stack in report["stacks"])),
        ]
        rows.append(
            ["All", f"{report['total_usd']:,.2f}", krw(report["total_krw"]), krw(report["reserved_krw"]), *sums]
        )
    return [header, *rows]


def switch_table(stack: Report) -> Table:
    rows = [[item["text_en"], item["record_id"], signed(item["adds_krw"])] for item in stack["switches"]]
    return [["Switch that is off", "Record", "KRW a month"], *rows]


def record_table(report: Report) -> Table:
    """The record's figures next to ours at its prices, and the bill."""
    rows = [
        [
            row["record_id"],
            row["text_en"],
            krw(row["theirs_krw"]),
            krw(row["ours_krw"]),
            f"{row['difference_percent']:+.2f} %",
            krw(row["bill_krw"]),
            row["reason_en"],
        ]
        for row in report["record"]
    ]
    return [["Record", "What", "Record KRW", "Ours at its prices", "Differs", "Bill KRW", "Why"], *rows]


def difference_table(stack: Report) -> Table:
    rows = [
        [line["text_en"], krw(line["before_krw"]), krw(line["after_krw"]), signed(line["adds_krw"])]
        for line in stack["lines"]
    ]
    total = ["Total", krw(stack["before_krw"]), krw(stack["after_krw"]), signed(stack["adds_krw"])]
    return [["Line", "KRW before", "KRW after", "Adds"], *rows, total]


def measured_usage_table(stack: Report) -> Table:
    """Each usage with the variable that assumes it, and what was measured."""
    rows = [
        [
            usage["text_en"],
            usage["variable"],
            usage["unit"],
            _number(usage["assumed"]),
            NOT_MEASURED if usage["measured"] is None else _number(usage["measured"]),
        ]
        for usage in stack["measured"]["usage"]
    ]
    return [["Usage of a month", "Variable", "Unit", "Assumed", "Measured"], *rows]


def measured_table(stack: Report) -> Table:
    """The lines that differ with the measured usage."""
    measured = stack["measured"]
    rows = [
        [line["text_en"], krw(line["assumed_krw"]), krw(line["measured_krw"]), signed(line["adds_krw"])]
        for line in measured["lines"]
    ]
    total = ["Total", krw(stack["total_krw"]), krw(measured["total_krw"]), signed(measured["adds_krw"])]
    return [["Line", "KRW assumed", "KRW measured", "Adds"], *rows, total]


def _rate(report: Report) -> str:
    rate = report["rate"]
    return (
        f"{rate['krw_per_usd']:,.10g} KRW a USD of {rate['date']}, 730 hours a month, without tax and free tiers. "
        "Prices: roles/cost/files/prices.yml, not verified against the Price List API."
    )


def notes(report: Report) -> list[str]:
    """What the amounts leave out, of all stacks."""
    return [f"{stack['stack']}: {note['text_en']}" for stack in report["stacks"] for note in stack.get("notes", [])]


def sections(report: Report) -> list[tuple[str, Table]]:
    """Titles and tables of the whole report, in the order of reading."""
    found = []
    for stack in report["stacks"]:
        title = f"{stack['stack']}: {krw(stack['total_krw'])} KRW ({stack['total_usd']:,.2f} USD) a month"
        found += [(title, stack_table(stack)), (f"{stack['stack']}: what switches would add", switch_table(stack))]
        if "measured" in stack:
            hours = stack["measured"]["hours"]
            title = f"{stack['stack']} with measured usage: {krw(stack['measured']['total_krw'])} KRW a month"
            found += [
                (title, measured_table(stack)),
                (f"{stack['stack']}: usage of the last {hours} hours, as a month", measured_usage_table(stack)),
            ]
    if report["record"]:
        found.append(("The record's figures", record_table(report)))
    for stack in report.get("difference", {}).get("stacks", []):
        title = f"{stack['stack']} against {report['difference']['against']}: {signed(stack['adds_krw'])} KRW a month"
        found.append((title, difference_table(stack)))
    found.append(("Together", summary_table(report)))
    return [(title, table) for title, table in found if len(table) > 1]


def terminal(report: Report) -> str:
    """Plain text in columns, figures to the right. The longest column, the last one, is not padded."""
    parts = []
    for title, table in sections(report):
        parts += [title, *_columns(table), ""]
    return "\n".join([*parts, FOOTNOTE, *notes(report), _rate(report)])


def _columns(table: Table) -> list[str]:
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    right = [_is_figures([row[column] for row in table[1:]]) for column in range(len(table[0]))]
    return [
        "  "
        + "  ".join(
            cell.rjust(width) if figures else cell.ljust(width)
            for cell, width, figures in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in table
    ]


def _is_figures(cells: Sequence[str]) -> bool:
    return all(not cell or cell[0].isdigit() or cell[0] in "+-" for cell in cells) and any(cells)


def markdown(report: Report) -> str:
    """Tables for a pull request: what changes first, when something is compared."""
    ordered = sorted(sections(report), key=lambda section: (" against " not in section[0], section[0] != "Together"))
    parts = ["# Cost", ""]
    for title, table in ordered:
        aligned = ["---:" if _is_figures([row[i] for row in table[1:]]) else "---" for i in range(len(table[0]))]
        rows = [table[0], aligned, *table[1:]]
        parts += [f"## {title}", "", *(f"| {' | '.join(_escaped(cell) for cell in row)} |" for row in rows), ""]
    told = [line for note in notes(report) for line in (_escaped(note), "")]
    return "\n".join([*parts, _escaped(FOOTNOTE), "", *told, _rate(report), ""])


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")
