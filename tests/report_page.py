#!/usr/bin/env python3
"""Opens reports of `pith compress --report` in headless Chromium.

usage: report_page.py PROGRAM MODEL FOLDER SHARED

Pages and pictures of them are left in FOLDER.  `make check-report` runs this.
"""
import base64
import json
import pathlib
import shutil
import subprocess
import sys

from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.chrome.service import Service

PROGRAM, MODEL, FOLDER, SHARED = sys.argv[1:]
GSM8K = pathlib.Path(SHARED, "data/gsm8k_cot/prompt_hardest.txt")
EXAMPLE = pathlib.Path("docs/examples/prompts/math.txt")
MEGABYTE = 1 << 20
WIDE, NARROW = (1200, 1000), (360, 780)

# Every script reads in its own direction; markup, controls, marks of
# direction and bytes that are no UTF-8 are shown and do nothing.
MIXED = (
    "会议于九点开始，财务主管报告说新屋顶花费了一千二百四十美元。\n\n"
    "بدأ الاجتماع في الساعة التاسعة صباحا، ثم تحدث الأعضاء عن الحديقة.\n\n"
    "👩‍👩‍👧‍👦 👍🏽 ❤️ 🇩🇪 Ελλάδα हिन्दी\r\n\n"
    "</script><script>document.title = 'broken'</script><!-- & \"'\t\n"
    "a\x00b\x1b[31m \u202eevil\u202c \u2028 ").encode() + b"\xff\xfe end\n"


# --- the browser --------------------------------------------------------------

def open_browser():
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu",
                     "--disable-dev-shm-usage", "--no-first-run",
                     "--disable-background-networking"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs",
                           {"browser": "ALL", "performance": "ALL"})
    service = Service(shutil.which("chromedriver"))
    return webdriver.Chrome(options=options, service=service)


def emulate(browser, scheme="light", size=WIDE, media=""):
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {
        "media": media,
        "features": [{"name": "prefers-color-scheme", "value": scheme}]})
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": size[0], "height": size[1], "deviceScaleFactor": 1,
        "mobile": size == NARROW})


def take_picture(browser, name):
    picture = browser.execute_cdp_cmd("Page.captureScreenshot",
                                      {"format": "png"})
    path = pathlib.Path(FOLDER, name + ".png")
    path.write_bytes(base64.b64decode(picture["data"]))


def open_page(browser, url):
    """Opens it with nothing in the logs but what it does itself."""
    browser.get_log("browser")
    browser.get_log("performance")
    browser.get(url)


def check_silence(browser, url):
    """Nothing on the console, and nothing asked for but the page itself."""
    said = browser.get_log("browser")
    assert not said, said
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            asked = message["params"]["request"]["url"]
            assert asked in (url, "data:,"), asked


# --- what the page says -------------------------------------------------------

READ_UNITS = """
return [...document.querySelectorAll('#map section')].map(section => ({
  name: section.querySelector('h3').firstChild.data.trim(),
  units: [...section.querySelectorAll('p > *')].map(unit => ({
    text: unit.textContent, kept: unit.localName === 'span',
    plain: unit.querySelector('b') === null}))}));
"""


def kept_spans(section):
    """Runs of kept bytes, for a part in which all characters show."""
    part, _, index = section["name"].partition(" ")
    at, spans = 0, []
    for unit in section["units"]:
        size = len(unit["text"].encode()) if unit["plain"] else 0
        if unit["kept"] and size > 0:
            if spans and spans[-1]["end"] == at:
                spans[-1]["end"] += size
            else:
                spans.append({"part": part, "index": int(index or 0),
                              "start": at, "end": at + size})
        at += size
    return spans


def check_counts(browser, reply, plain):
    numbers = json.loads(browser.find_element(By.ID, "numbers")
                         .get_attribute("textContent"))
    for name in ("origin_tokens", "compressed_tokens", "parts"):
        assert numbers[name] == reply[name], (name, numbers[name])
    heading = browser.find_element(By.TAG_NAME, "h1").text
    assert heading.startswith(f"{reply['origin_tokens']:,} → "
                              f"{reply['compressed_tokens']:,} tokens "), heading
    assert reply["ratio"] in heading and reply["rate"] in heading, heading
    sections = browser.execute_script(READ_UNITS)
    units = [unit for section in sections for unit in section["units"]]
    for name in ("n_ids", "n_kept", "loss", "rank", "segment"):
        assert len(numbers[name]) == len(units), name
    assert sum(numbers["n_ids"]) == len(numbers["ids"])
    # Both count the tokens of the text read again; `paper` has blank lines
    # besides its parts.
    n_kept = sum(part["kept"] for part in reply["parts"])
    assert (sum(numbers["n_kept"]) == n_kept if reply["method"] == "reference"
            else sum(numbers["n_kept"]) >= n_kept)
    if plain:
        assert sum(map(kept_spans, sections), []) == reply["spans"]
    rows = browser.find_elements(By.CSS_SELECTOR, "#segments tbody tr")
    assert max(numbers["segment"], default=0) == len(rows)
    text = browser.find_element(By.CSS_SELECTOR, "#text pre")
    if plain:
        assert text.get_attribute("textContent") == reply["compressed_prompt"]


# --- keyboard and mouse -------------------------------------------------------

def check_left_out(browser):
    """A context that was left out says so and shows why."""
    units = browser.find_elements(By.CSS_SELECTOR, "#map .out p > *")
    assert units, "no context was left out"
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})",
                           units[2])
    ActionChains(browser).move_to_element(units[2]).perform()
    assert fact(browser, "fate") == "dropped with its part"
    assert fact(browser, "loss").endswith(" nats, when ranked")
    heading = browser.find_element(By.CSS_SELECTOR, "#map .out h3").text
    assert "perplexity" in heading and heading.endswith("left out"), heading


def focused(browser):
    """Index of the unit that has the focus, None for others."""
    i = browser.execute_script(
        "return [...document.querySelectorAll('#map section > p > *')]"
        ".indexOf(document.activeElement)")
    return i if i >= 0 else None


def press(browser, *keys):
    actions = ActionChains(browser)
    for key in keys:
        if isinstance(key, tuple):
            actions.key_down(key[0]).send_keys(key[1]).key_up(key[0])
        else:
            actions.send_keys(key)
    actions.perform()


def fact(browser, name):
    return browser.find_element(
        By.CSS_SELECTOR, f"#inspector [data-of={name}]").text


def place(browser):
    """Top of the focused unit, its bottom, and the top of the bar."""
    return browser.execute_script(
        "const box = document.activeElement.getClientRects()[0];"
        "return [box.top, box.bottom, document.getElementById('inspector')"
        ".getBoundingClientRect().top]")


def check_keyboard(browser):
    bar = browser.find_element(By.ID, "inspector")
    last = browser.execute_script(
        "return document.querySelectorAll('#map section > p > *').length - 1")
    assert not bar.is_displayed()
    press(browser, Keys.TAB)
    assert browser.switch_to.active_element.get_attribute("class") == "skip"
    press(browser, Keys.ENTER, Keys.TAB)
    assert focused(browser) == 0 and bar.is_displayed()
    assert fact(browser, "fate") in ("kept", "dropped", "dropped with its part")
    press(browser, *[Keys.ARROW_RIGHT] * 5, Keys.ARROW_LEFT)
    assert focused(browser) == 4
    token = browser.switch_to.active_element
    assert fact(browser, "token") == token.get_attribute(
        "textContent").replace(" ", "␣").replace("\n", "↵").replace("\t", "⇥")
    assert token.aria_role == "button" and fact(browser, "loss") in \
        token.accessible_name, token.accessible_name
    stops = browser.find_elements(By.CSS_SELECTOR, "#map p > [tabindex]")
    assert stops == [token]
    top = place(browser)[0]
    press(browser, Keys.ARROW_DOWN)
    assert place(browser)[0] > top and focused(browser) > 4
    press(browser, Keys.ARROW_UP)
    assert place(browser)[0] == top
    press(browser, Keys.END)
    assert 4 < focused(browser) <= last
    press(browser, Keys.HOME)
    assert focused(browser) == 0
    press(browser, (Keys.CONTROL, Keys.END))
    assert focused(browser) == last
    assert place(browser)[1] <= place(browser)[2], "the bar hides the token"
    press(browser, Keys.ARROW_RIGHT)
    assert focused(browser) == last
    press(browser, (Keys.CONTROL, Keys.HOME))
    assert focused(browser) == 0 and bar.is_displayed()
    press(browser, Keys.ESCAPE)
    assert not bar.is_displayed() and focused(browser) == 0
    press(browser, Keys.ENTER)
    assert bar.is_displayed()
    press(browser, Keys.TAB)
    assert focused(browser) is None


def check_mouse(browser):
    """The bar shows what the numbers say of a token that was scored."""
    bar = browser.find_element(By.ID, "inspector")
    numbers = json.loads(browser.find_element(By.ID, "numbers")
                         .get_attribute("textContent"))
    i = max((i for i, segment in enumerate(numbers["segment"]) if segment),
            key=lambda i: numbers["loss"][i] or -1)
    unit = browser.execute_script(
        "return document.querySelectorAll('#map section > p > *')[arguments[0]]",
        i)
    press(browser, Keys.ESCAPE)
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})",
                           unit)
    ActionChains(browser).move_to_element(unit).perform()
    assert bar.is_displayed()
    first = sum(numbers["n_ids"][:i])
    ids = numbers["ids"][first:first + numbers["n_ids"][i]]
    row = browser.find_elements(By.CSS_SELECTOR, "#segments tbody tr")[
        numbers["segment"][i] - 1]
    cells = [cell.get_attribute("textContent")
             for cell in row.find_elements(By.CSS_SELECTOR, "th, td")]
    assert fact(browser, "loss") == f"{numbers['loss'][i]:.3f} nats"
    assert fact(browser, "rank") == f"{numbers['rank'][i]} of {cells[1]}"
    assert fact(browser, "segment") == str(numbers["segment"][i]) == cells[0]
    assert fact(browser, "gamma") == cells[3]
    assert fact(browser, "ids") == ", ".join(map(str, ids))
    section = unit.find_element(By.XPATH, "./ancestor::section/h3")
    assert section.text.startswith(fact(browser, "part"))
    unit.click()
    assert focused(browser) == i
    bar.find_element(By.TAG_NAME, "button").click()
    assert not bar.is_displayed()


# --- looks --------------------------------------------------------------------

# Smallest contrast (WCAG 2) of texts with what lies behind them.  The bar at
# the foot of a token is below its text, so that the tint is what counts.
MEASURE = """
function channels(colour) {
  const numbers = colour.match(/[\\d.]+/g).map(Number);
  return numbers.length === 4 && numbers[3] === 0 ? null : numbers;
}
function luminance(c) {
  const [r, g, b] = c.slice(0, 3).map(v => v / 255).map(
    v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function behind(element) {
  for (; element; element = element.parentElement) {
    const c = channels(getComputedStyle(element).backgroundColor);
    if (c) return c;
  }
}
let least = Infinity, where = '';
for (const element of document.querySelectorAll('body *:not(script)')) {
  if (![...element.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
    continue;
  const a = luminance(channels(getComputedStyle(element).color));
  const b = luminance(behind(element));
  const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (contrast < least) { least = contrast; where = element.outerHTML; }
}
return [least, where.slice(0, 80),
        getComputedStyle(document.body).backgroundColor];
"""
OVERFLOW = ("return document.documentElement.scrollWidth - "
            "document.documentElement.clientWidth")


def check_looks(browser, name):
    pages = set()
    browser.execute_script("document.querySelectorAll('details').forEach("
                           "details => { details.open = true; })")
    for scheme in ("light", "dark"):
        for size in (WIDE, NARROW):
            emulate(browser, scheme, size)
            least, where, page = browser.execute_script(MEASURE)
            assert least >= 4.5, (scheme, least, where)
            pages.add(page)
            assert browser.execute_script(OVERFLOW) <= 0, (size, "scrolls")
            for where in ("top", "map"):
                browser.execute_script(
                    "const unit = document.querySelector('#map p > .b5');"
                    "if (arguments[0] && unit) {"
                    "unit.scrollIntoView({block: 'center'}); unit.click(); }"
                    "else scrollTo(0, 0)", where == "map")
                take_picture(browser, f"{name}-{scheme}-{size[0]}-{where}")
    assert len(pages) == 2, "light and dark look the same"
    emulate(browser, media="print")
    assert not browser.find_element(By.ID, "inspector").is_displayed()
    printed = browser.execute_cdp_cmd("Page.printToPDF",
                                      {"printBackground": True})
    pathlib.Path(FOLDER, name + ".pdf").write_bytes(
        base64.b64decode(printed["data"]))
    emulate(browser)


def check_policy(browser):
    """Markup of others would not run; last, since it is complained about."""
    browser.execute_script(
        "const script = document.createElement('script');"
        "script.textContent = 'window.intruder = true';"
        "document.body.append(script);")
    assert browser.execute_script("return window.intruder") is None
    said = browser.get_log("browser")
    assert any("Content Security Policy" in entry["message"]
               for entry in said), said


def check_without_script(browser, url):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled",
                            {"value": True})
    browser.get(url)
    assert "need JavaScript" in browser.find_element(By.TAG_NAME, "main").text
    assert browser.find_element(By.ID, "map").is_displayed()
    assert not browser.find_element(By.CLASS_NAME, "help").is_displayed()
    assert not browser.find_element(By.ID, "inspector").is_displayed()
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled",
                            {"value": False})


# --- the pages ----------------------------------------------------------------

def compress(name, prompt, *options):
    """The reply and the report of one prompt."""
    page = pathlib.Path(FOLDER, name + ".html").resolve()
    page.unlink(missing_ok=True)
    run = subprocess.run(
        [PROGRAM, "compress", "-q", "-m", MODEL, "--format", "json", "--spans",
         "--report", str(page), *options], input=prompt, check=True,
        stdout=subprocess.PIPE)
    assert page.stat().st_size < MEGABYTE, page.stat().st_size
    return json.loads(run.stdout), page


def check_page(browser, name, prompt, *options, plain=True):
    reply, page = compress(name, prompt, *options)
    url = page.as_uri()
    emulate(browser)
    open_page(browser, url)
    check_counts(browser, reply, plain)
    check_keyboard(browser)
    check_mouse(browser)
    if plain and reply["method"] == "paper": # a file is one context else
        check_left_out(browser)
    check_looks(browser, name)
    check_silence(browser, url)
    if plain:
        check_without_script(browser, url)
        browser.get(url)
    check_policy(browser)
    print(f"report: {name}: {reply['origin_tokens']} -> "
          f"{reply['compressed_tokens']} tokens, {page.stat().st_size} bytes")


def check_empty(browser):
    for method in ("paper", "reference"):
        _, page = compress("empty", b"", "--method", method)
        open_page(browser, page.as_uri())
        assert "The prompt is empty." in browser.find_element(By.ID, "map").text
        press(browser, Keys.TAB, Keys.ENTER, Keys.TAB, Keys.ARROW_RIGHT)
        check_silence(browser, page.as_uri())


def main():
    prompt, source = EXAMPLE.read_bytes(), EXAMPLE
    if GSM8K.exists():
        prompt, source = GSM8K.read_bytes(), GSM8K
    else:
        print(f"SKIPPED: {GSM8K} is not there; {EXAMPLE} instead",
              file=sys.stderr)
    browser = open_browser()
    try:
        for method in ("paper", "reference"):
            check_page(browser, method, prompt, "--target", "200",
                       "--method", method)
        check_page(browser, "mixed", MIXED, "--rate", "0.6", plain=False)
        check_empty(browser)
    finally:
        browser.quit()
    print(f"report: {source} and others open in Chromium, "
          f"pictures in {FOLDER}")


if __name__ == "__main__":
    main()
