"""The page of costs in a real headless browser, opened from disk. Screenshots are kept in tests/output/cost_page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.plugin_utils import cost_page

from tests.browser import chromium

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "tests/output/cost_page"
REPORT: dict[str, Any] = json.loads((ROOT / "tests/unit/cost/report.json").read_text(encoding="utf-8"))
STACKS = {stack["stack"]: stack for stack in REPORT["stacks"]}
DESKTOP, PHONE = 1200, 375
TAB, ENTER = 9, 13

# Ratio of the luminances of each visible text and of what is behind it (WCAG 2.2, 1.4.3), the worst with its text.
WORST_CONTRAST = """(() => {
  const channel = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const numbers = (color) => color.match(/[0-9.]+/g).map(Number);
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = (element) => {
    for (; element; element = element.parentElement) {
      const color = numbers(getComputedStyle(element).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    throw new Error("no background");
  };
  const texts = [...document.querySelectorAll("body *")].filter((element) =>
    !element.closest("svg, style, script") && element.checkVisibility() &&
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim()));
  return texts.map((element) => {
    const both = [numbers(getComputedStyle(element).color), behind(element)].map(luminance).sort((a, b) => b - a);
    return [(both[0] + 0.05) / (both[1] + 0.05), element.textContent.trim()];
  }).sort((a, b) => a[0] - b[0])[0];
})()"""
# Texts of the drawings that leave the drawing, or the smallest box in which they begin or end.
TEXTS_OUTSIDE = """[...document.querySelectorAll("svg.architecture")].flatMap((svg) => {
  const boxes = [...svg.querySelectorAll("rect")].map((rect) => rect.getBBox());
  boxes.push(svg.viewBox.baseVal);
  boxes.sort((a, b) => a.width * a.height - b.width * b.height);
  const holds = (box, x, y) => x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
  const shown = [...svg.querySelectorAll("text")].filter((text) => getComputedStyle(text).display !== "none");
  return shown.filter((text) => {
    const { x, y, width, height } = text.getBBox();
    const home = boxes.find((box) => holds(box, x + width / 2, y + height / 2));
    return !home || x < home.x || x + width > home.x + home.width;
  }).map((text) => text.textContent);
})"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[chromium.Page]:
    try:
        with chromium.page(tmp_path_factory.mktemp("chromium")) as page:
            yield page
    except chromium.ChromiumError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "cost.html"
    path.write_text(cost_page.html(REPORT), encoding="utf-8")
    return path


@pytest.fixture
def page(browser: chromium.Page, file: Path) -> chromium.Page:
    """The page as an English reader with a light desktop sees it first."""
    show(browser, file)
    return browser


def show(
    browser: chromium.Page, file: Path, *, language: str = "en-US", scheme: str = "light", width: int = DESKTOP
) -> None:
    browser.language(language)
    browser.screen(width, scheme=scheme, phone=width == PHONE)
    browser.open(file)


def texts(page: chromium.Page, selector: str) -> list[str]:
    """What is to be read, white space made one."""
    found = page.evaluate(f"[...document.querySelectorAll({json.dumps(selector)})].map((e) => e.textContent)")
    return [" ".join(text.split()) for text in found]


def amounts(page: chromium.Page, selector: str) -> list[int]:
    """The won that the elements show: the first amount in each."""
    return [int(re.findall(r"₩([\d,]+)", text)[0].replace(",", "")) for text in texts(page, selector)]


@pytest.mark.parametrize(
    ("name", "language", "scheme", "width"),
    [
        ("light", "en-US", "light", DESKTOP),
        ("dark", "en-US", "dark", DESKTOP),
        ("phone", "en-US", "light", PHONE),
        ("korean-light", "ko-KR", "light", DESKTOP),
        ("korean-phone-dark", "ko-KR", "dark", PHONE),
    ],
)
def test_page_asks_for_nothing_says_no_error_fits_its_window_and_is_legible(
    browser: chromium.Page, file: Path, name: str, language: str, scheme: str, width: int
) -> None:
    show(browser, file, language=language, scheme=scheme, width=width)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    browser.screenshot(SCREENSHOTS / f"{name}.png")
    browser.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true })")

    assert browser.evaluate("document.documentElement.scrollWidth") == width
    contrast, text = browser.evaluate(WORST_CONTRAST)
    assert contrast >= 4.5, text
    assert browser.evaluate(TEXTS_OUTSIDE) == []
    assert browser.errors() == []
    assert browser.requests() == [file.as_uri()]


def test_totals_equal_the_report(page: chromium.Page) -> None:
    assert amounts(page, "[data-total]") == [
        REPORT["total_krw"],
        REPORT["reserved_krw"],
        sum(stack["not_in_record_krw"] for stack in STACKS.values()),
    ]
    assert texts(page, ".totals [data-usd]") == [f"${REPORT['total_usd']:,.2f}"]


@pytest.mark.parametrize("name", STACKS)
def test_lines_equal_the_report(page: chromium.Page, name: str) -> None:
    lines = STACKS[name]["lines"]
    rows = f'[data-lines="{name}"] tbody tr'
    assert page.evaluate(f"[...document.querySelectorAll('{rows}')].map((row) => row.dataset.line)") == [
        line["id"] for line in lines
    ]
    assert amounts(page, f"{rows} td:last-child") == [line["monthly_krw"] for line in lines]
    assert texts(page, f"{rows} [data-usd]") == [f"${line['monthly_usd']:,.2f}" for line in lines]
    quantities = texts(page, f"{rows} td:nth-child(2)")
    assert quantities == [f"{line['quantity']:,.4f}".rstrip("0").rstrip(".") + line["unit"] for line in lines]
    prices = [float(text.removeprefix("$")) for text in texts(page, f"{rows} td:nth-child(3)")]
    assert prices == pytest.approx([line["unit_price_usd"] for line in lines])
    marked = [text.endswith("not in the record기록에 없음") for text in texts(page, f"{rows} th > .badge")]
    assert sum(marked) == sum(not line["in_record"] for line in lines)


def test_chart_equals_the_lines(page: chromium.Page) -> None:
    groups = page.evaluate("[...document.querySelectorAll('[data-group]')].map((row) => row.dataset.group)")
    lines = [line for stack in STACKS.values() for line in stack["lines"]]
    wanted = [sum(line["monthly_krw"] for line in lines if line["group"] == group) for group in groups]
    assert set(groups) == {line["group"] for line in lines}
    assert wanted == sorted(wanted, reverse=True)
    assert amounts(page, "[data-group] td:last-child") == wanted
    widths = page.evaluate(
        "[...document.querySelectorAll('[data-group] svg')].map((svg) => [...svg.querySelectorAll('rect')]"
        ".reduce((sum, rect) => sum + rect.getBBox().width, 0) / svg.clientWidth)"
    )
    assert widths == pytest.approx([amount / max(wanted) for amount in wanted], abs=0.001)


def test_environments_equal_the_report(page: chromium.Page) -> None:
    assert amounts(page, "[data-stack]") == [stack["total_krw"] for stack in STACKS.values()]
    assert amounts(page, "[aria-labelledby=environments] tr.sum ~ tr td") == [
        *(stack["reserved"]["monthly_krw"] for stack in STACKS.values()),
        *(stack["always_on_krw"] for stack in STACKS.values()),
    ]


def test_record_equals_the_report(page: chromium.Page) -> None:
    rows = REPORT["record"]
    cell = "section[aria-labelledby=record] tbody td"
    assert amounts(page, f"{cell}:nth-child(2)") == [row["theirs_krw"] for row in rows]
    assert amounts(page, f"{cell}:nth-child(3)") == [row["ours_krw"] for row in rows]
    bills = [text.replace("₩", "").replace(",", "") for text in texts(page, f"{cell}:nth-child(4)")]
    assert bills == ["\u2013" if row["bill_krw"] is None else str(row["bill_krw"]) for row in rows]
    for shown, row in zip(texts(page, "section[aria-labelledby=record] tbody th"), rows, strict=True):
        assert row["reason_en"] in shown
        assert row["reason_ko"] in shown


def test_what_the_record_forgot_and_the_switches_equal_the_report(page: chromium.Page) -> None:
    lines = [line for stack in STACKS.values() for line in stack["lines"] if not line["in_record"]]
    names = page.evaluate("[...document.querySelectorAll('[data-forgotten]')].map((row) => row.dataset.forgotten)")
    wanted = [sum(line["monthly_krw"] for line in lines if line["id"] == name) for name in names]
    assert amounts(page, "[data-forgotten] td") == wanted
    assert {line["id"] for line in lines if line["monthly_krw"]} == set(names)
    shown = sorted(amounts(page, "[aria-labelledby=switches] tbody [data-krw]"))
    assert shown == sorted(switch["adds_krw"] for stack in STACKS.values() for switch in stack["switches"])


def test_drawing_shows_what_the_parts_cost(page: chromium.Page) -> None:
    lines = STACKS["triflow-prod"]["lines"]
    parts = [("nat-gateway-",), ("load-balancer-",), ("fargate-",), ("database-",)]
    shown = texts(page, "details[open] svg.architecture text")
    for beginning in parts:
        amount = sum(line["monthly_krw"] for line in lines if line["id"].startswith(beginning))
        assert f"₩{amount:,}" in shown


def shows_only(page: chromium.Page, language: str) -> bool:
    """Whether all texts of the one language are shown and none of the other."""
    hidden = "[...document.querySelectorAll('body [lang={}]')].map((e) => getComputedStyle(e).display === 'none')"
    other = {"en": "ko", "ko": "en"}[language]
    return not any(page.evaluate(hidden.format(language))) and all(page.evaluate(hidden.format(other)))


@pytest.mark.parametrize(
    ("preferred", "language", "title"),
    [("ko-KR", "ko", "월 예상 비용"), ("en-GB", "en", "What it costs"), ("de-DE", "en", "What it costs")],
)
def test_language_is_the_readers_own(
    browser: chromium.Page, file: Path, preferred: str, language: str, title: str
) -> None:
    show(browser, file, language=preferred)
    assert browser.evaluate("[document.documentElement.lang, document.title]") == [language, title]
    assert shows_only(browser, language)


def test_language_and_colours_are_switched_with_the_keyboard(page: chromium.Page) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)

    def press_until(label: str) -> None:
        for _step in range(10):
            page.press("Tab", TAB)
            if page.evaluate("document.activeElement.innerText") == label:
                break
        page.press("Enter", ENTER)

    press_until("한국어")
    assert page.evaluate("document.documentElement.lang") == "ko"
    assert shows_only(page, "ko")
    press_until("어둡게")
    dark = page.evaluate(background)
    assert dark != light
    pressed = "[...document.querySelectorAll('button[aria-pressed=true]')].map((button) => button.innerText)"
    assert page.evaluate(pressed) == ["한국어", "어둡게"]
    labels = page.evaluate(
        "[...document.querySelectorAll('[data-label-ko]')].map((e) => e.ariaLabel === e.dataset.labelKo)"
    )
    assert labels
    assert all(labels)
    page.screen(DESKTOP, scheme="dark")
    page.screen(DESKTOP, scheme="light")
    assert page.evaluate(background) == dark, "the reader's choice gave way to the system's"


def test_colours_follow_the_system(page: chromium.Page) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    dark = "matchMedia('(prefers-color-scheme: dark)')"
    page.evaluate(f"void (window.heard = new Promise((resolve) => {dark}.addEventListener('change', resolve)))")
    page.screen(DESKTOP, scheme="dark")
    assert page.evaluate("window.heard.then(() => true)")
    assert page.evaluate(background) != light
    assert page.evaluate("document.querySelector('button[data-theme=dark]').ariaPressed") == "true"


def test_what_scrolls_is_reached_with_the_keyboard_and_has_a_name(browser: chromium.Page, file: Path) -> None:
    show(browser, file, width=PHONE)
    browser.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true })")
    scrolled = browser.evaluate(
        "[...document.querySelectorAll('*')].filter((e) => e.scrollWidth > e.clientWidth && "
        "getComputedStyle(e).overflowX === 'auto').map((e) => [e.tabIndex, "
        "Boolean(e.ariaLabel || document.getElementById(e.getAttribute('aria-labelledby'))?.textContent)])"
    )
    assert scrolled
    assert all(entry == [0, True] for entry in scrolled)


def test_names_are_shown_as_text(browser: chromium.Page, tmp_path: Path) -> None:
    name = "\"><img src=x onerror=alert(1)><script>alert(2)</script>&amp;'"
    report = json.loads(json.dumps(REPORT))
    first = report["stacks"][0]
    first.update(stack=name, budget_krw=1)
    first["drawing"].update(bucket=name, domain=name, vpc_owner=name, bucket_owner=name)
    first["drawing"]["services"][0]["name"] = name
    first["lines"][0].update(id=name, text_en=name, text_ko=name, note_en=name, unit=name, price_source=name)
    report["record"][0].update(reason_en=name, reason_ko=name)
    file = tmp_path / "cost.html"
    file.write_text(cost_page.html(report), encoding="utf-8")
    show(browser, file)

    assert browser.errors() == []
    assert browser.requests() == [file.as_uri()]
    assert browser.evaluate("[document.images.length, document.scripts.length]") == [0, 1]
    assert name in texts(browser, "summary")[0]
    assert f"Fargate · {name}" in texts(browser, "svg.architecture text")


def test_policy_stops_scripts_styles_and_requests_of_others(page: chromium.Page) -> None:
    page.evaluate(
        """(() => {
          const script = document.body.appendChild(document.createElement("script"));
          script.textContent = "window.injected = true";
          document.body.insertAdjacentHTML("beforeend", "<p id=styled style='color: rgb(1, 2, 3)'>text</p>");
        })()"""
    )
    assert page.evaluate("window.injected === undefined")
    assert page.evaluate("getComputedStyle(document.getElementById('styled')).color") != "rgb(1, 2, 3)"
    assert len([error for error in page.errors() if "Content Security Policy" in error["text"]]) == 2


@pytest.mark.parametrize(("stacks", "colours", "tiles"), [(1, 0, 2), (2, 2, 3), (6, 0, 3)])
def test_one_stack_and_a_fleet(browser: chromium.Page, tmp_path: Path, stacks: int, colours: int, tiles: int) -> None:
    """One has nothing beside it. More than four are not told apart by colour, and fit a phone all the same."""
    foundation, *others = reversed(REPORT["stacks"])
    several = [foundation, *[{**others[number % 3], "stack": f"stack-{number}"} for number in range(stacks - 1)]]
    total = sum(stack["total_krw"] for stack in several)
    reserved = total if stacks == 1 else total - 1
    file = tmp_path / "cost.html"
    report = {**REPORT, "stacks": several, "total_krw": total, "reserved_krw": reserved, "record": []}
    file.write_text(cost_page.html(report), encoding="utf-8")
    show(browser, file, width=PHONE)

    assert browser.evaluate("document.documentElement.scrollWidth") == PHONE
    assert len(texts(browser, ".legend li")) == colours
    assert len(texts(browser, "[data-total]")) == tiles
    assert len(texts(browser, "svg.architecture")) == stacks
    assert amounts(browser, "[data-stack]") == ([stack["total_krw"] for stack in several] if stacks > 1 else [])
    assert texts(browser, "section[aria-labelledby=record]") == []
    assert browser.errors() == []


def test_difference_is_shown(browser: chromium.Page, tmp_path: Path) -> None:
    line = {"id": "nat-gateway-hours", "text_en": "NAT gateway", "text_ko": "NAT 게이트웨이"}
    changed = {"before_krw": 55991, "after_krw": 111982, "adds_krw": 55991}
    stack = {"stack": "triflow-prod", "before_krw": 462577, "after_krw": 518568, "adds_krw": 55991}
    difference = {"against": "main", "stacks": [{**stack, "lines": [{**line, **changed}]}], "adds_krw": 55991}
    file = tmp_path / "cost.html"
    file.write_text(cost_page.html({**REPORT, "difference": difference}), encoding="utf-8")
    show(browser, file)
    assert texts(browser, "section[aria-labelledby=difference] tbody td") == [
        "₩462,577", "₩518,568", "+₩55,991", "₩55,991", "₩111,982", "+₩55,991",
    ]  # fmt: skip
    assert browser.errors() == []


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_measured_usage_is_shown(browser: chromium.Page, tmp_path: Path, width: int) -> None:
    line = {"id": "internet-data", "text_en": "Data to the internet", "text_ko": "인터넷 전송 데이터"}
    changed = {"assumed_krw": 1638, "measured_krw": 3276, "adds_krw": 1638}
    usage = [
        {"variable": name, "text_en": name, "text_ko": name, "unit": "GB", "assumed": 10, "measured": measured}
        for name, measured in (("cost_transfer_gb", 1234.5678), ("cost_images_gb", None))
    ]
    first, *others = json.loads(json.dumps(REPORT["stacks"]))
    totals = {"total_usd": 1.0, "total_krw": first["total_krw"] + 1638, "adds_krw": 1638}
    first["measured"] = {"hours": 100, **totals, "lines": [{**line, **changed}], "usage": usage}
    file = tmp_path / "cost.html"
    file.write_text(cost_page.html({**REPORT, "stacks": [first, *others]}), encoding="utf-8")
    show(browser, file, width=width)
    browser.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true })")

    section = "section[aria-labelledby=measured]"
    assert texts(browser, f"{section} table.wide tbody td") == [
        f"₩{first['total_krw']:,}", f"₩{totals['total_krw']:,}", "+₩1,638", "₩1,638", "₩3,276", "+₩1,638",
    ]  # fmt: skip
    rows = f'{section} [data-usage="{first["stack"]}"] tbody'
    assert texts(browser, f"{rows} td") == ["10GB", "1,234.5678", "10GB", "not measured측정되지 않음"]
    assert texts(browser, f"{section} summary .number") == ["in 100 hours최근 100시간"]
    assert shows_only(browser, "en")
    contrast, text = browser.evaluate(WORST_CONTRAST)
    assert contrast >= 4.5, text
    assert browser.evaluate("document.documentElement.scrollWidth") == width
    assert browser.errors() == []
