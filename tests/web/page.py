#!/usr/bin/env python3
"""The page of docs/demo in headless Chromium: its texts, from a server, without
one and from a file; keyboard, looks, faults.

usage: page.py PAGE FOLDER [PRECISION]...

FOLDER/native.json has the texts of the native program; pictures are left
there.  `make check-web` runs this.
"""
import base64
import functools
import http.server
import json
import pathlib
import shutil
import sys
import threading
import time

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.chrome.service import Service

PAGE, FOLDER = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
CASES = json.loads((FOLDER / "native.json").read_text())
TEXT = ("The harbour board met on Tuesday at 9:30 in room 4. It did not approve "
        "the budget of 1.2 million euros, because two members were absent. The "
        "next meeting takes place on 14 May.")
SIZES = {400: 2000, 1280: 1000}


# --- the browser --------------------------------------------------------------

class Server(http.server.ThreadingHTTPServer):
    """Serves the page; counts what was asked for, and may lose the model."""
    daemon_threads = True

    def __init__(self):
        self.asked, self.without_model = [], False
        server = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            def do_GET(self):
                server.asked.append(self.path.partition("?")[0])
                if server.without_model and self.path == "/default.pith":
                    self.send_error(404)
                else:
                    super().do_GET()

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0),
                         functools.partial(Handler, directory=PAGE))
        self.url = f"http://127.0.0.1:{self.server_port}/"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def stop(self):
        self.shutdown()
        self.server_close()


def open_browser(profile):
    shutil.rmtree(FOLDER / profile, ignore_errors=True)
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu",
                     "--disable-dev-shm-usage", "--no-first-run",
                     "--disable-background-networking",
                     f"--user-data-dir={FOLDER / profile}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options,
                            service=Service(shutil.which("chromedriver")))


def wait(browser, script, what, seconds=120):
    end = time.monotonic() + seconds
    while not browser.execute_script(f"return {script}"):
        assert time.monotonic() < end, (what, body(browser))
        time.sleep(0.05)


def body(browser):
    return browser.find_element(By.TAG_NAME, "body").text[:500]


def by_id(browser, name):
    return browser.find_element(By.ID, name)


def wait_until_ready(browser):
    wait(browser, "document.getElementById('setup').hidden", "the model loads")


SET = """
const [prompt, options] = arguments;
$("prompt").value = prompt;
$("question").value = options.question;
$("rate").value = 100 * options.rate;
$("numbers").checked = options.protect === "numbers";
document.querySelector(`input[value=${options.method}]`).checked = true;
update();
"""


def compress(browser, prompt, **options):
    browser.execute_script("shown = null;" + SET, prompt, {"question": "", "rate": 0.5,
                                         "method": "spans"} | options)
    wait(browser, "!busy && !again", prompt[:40])
    return browser.execute_script("return shown === null ? '' : shown.text")


# --- what the page does --------------------------------------------------------

def check_texts(browser, url, precision):
    browser.get(f"{url}?precision={precision}")
    wait_until_ready(browser)
    for case in CASES:
        got = compress(browser, case["page"]["prompt"], **case["options"])
        assert got == case["page"]["text"], (case["name"], got)
        if got:
            rate = f"at {round(100 * case['options'].get('rate', 0.5))}%"
            assert by_id(browser, "counts").text.endswith(rate), case["name"]
    assert precision in by_id(browser, "model-name").get_attribute("textContent")
    print(f"web: page: {len(CASES)} prompts, {precision}: the native texts")


# Holds the next answer back, until finish() lets it go.
HOLD = """
const usual = ask;
ask = (...words) => new Promise(resolve => {
  finish = () => { ask = usual; usual(...words).then(resolve); };
});
"""


def is_stale(browser):
    """Whether the page says that its result answers something else."""
    stale = browser.execute_script("return $('output').classList.contains('stale')")
    assert by_id(browser, "map").get_attribute("aria-busy") == str(stale).lower()
    assert (by_id(browser, "copy").get_attribute("disabled") is not None) == stale
    return stale


def check_waiting(browser):
    """What is shown while an answer is on its way says which rate it is of."""
    compress(browser, TEXT)
    for change, value, rate in (("rate", "35", "35%"), ("question", "Who?", "35%"),
                                ("prompt", TEXT + " Soon.", "35%")):
        assert not is_stale(browser)
        before = by_id(browser, "counts").text
        browser.execute_script(HOLD)
        browser.execute_script("$(arguments[0]).value = arguments[1];"
                               "$(arguments[0]).dispatchEvent(new Event('input'))",
                               change, value)
        assert is_stale(browser), change
        assert by_id(browser, "rate-value").text == rate
        wait(browser, "busy", "the answer is on its way")
        assert is_stale(browser) and by_id(browser, "counts").text == before
        browser.execute_script("finish()")
        wait(browser, "!busy && !again", "the answer")
        assert not is_stale(browser)
        assert by_id(browser, "counts").text.endswith(f"at {rate}")
    browser.execute_script("$('rate').value = 30")
    browser.refresh() # Chromium fills the form in again
    assert by_id(browser, "rate-value").text == \
        by_id(browser, "rate").get_attribute("value") + "%"
    wait_until_ready(browser)


def check_use(browser, url):
    """As a person with a keyboard has it."""
    browser.get(url)
    wait_until_ready(browser)
    assert by_id(browser, "copy").get_attribute("disabled")
    by_id(browser, "prompt").send_keys(TEXT)
    wait(browser, f"!busy && $('map').textContent === {json.dumps(TEXT)}", "map")
    first = by_id(browser, "counts").text
    units = browser.execute_script("return shown.units.length")
    words = browser.find_elements(By.CSS_SELECTOR, "#map span")
    assert len(words) == units > 20
    assert by_id(browser, "map").text == TEXT
    gone = [word.text for word in browser.find_elements(By.CSS_SELECTOR, "#map .gone")]
    assert gone and len(gone) < units

    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
        {"name": "prefers-reduced-motion", "value": "no-preference"}]})
    browser.execute_script("fallen = 0; Element.prototype.animate = () => fallen++")
    by_id(browser, "rate").send_keys(Keys.ARROW_LEFT * 30)
    wait(browser, "!busy && !again && $('rate-value').textContent === '20%'", "rate")
    assert by_id(browser, "counts").text != first
    fewer = browser.find_elements(By.CSS_SELECTOR, "#map .gone")
    assert len(fewer) > len(gone)
    assert all(word.get_attribute("role") == "deletion" for word in fewer)
    fallen = browser.execute_script("return fallen")
    assert fallen >= len(fewer) - len(gone), (fallen, len(fewer), len(gone))

    by_id(browser, "map").send_keys(Keys.ARROW_RIGHT)
    assert by_id(browser, "word").text.startswith("“The” "), by_id(browser, "word").text
    by_id(browser, "map").send_keys(Keys.END)
    assert by_id(browser, "word").text.startswith("“.” "), by_id(browser, "word").text
    assert len(browser.find_elements(By.CSS_SELECTOR, "#map .here")) == 1

    by_id(browser, "heat").send_keys(Keys.SPACE)
    assert by_id(browser, "legend").is_displayed()
    browser.execute_cdp_cmd("Browser.grantPermissions", {
        "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]})
    by_id(browser, "copy").send_keys(Keys.ENTER)
    wait(browser, "$('copy').textContent === 'Copied'", "copied")
    copied = browser.execute_async_script(
        "navigator.clipboard.readText().then(arguments[0])")
    assert copied == by_id(browser, "text").get_attribute("value") != ""
    by_id(browser, "numbers").send_keys(Keys.SPACE)
    wait(browser, "!busy && shown.asked.options.protect === 'numbers'", "numbers")
    kept = by_id(browser, "text").get_attribute("value")
    assert all(number in kept for number in ("9:30", "4", "1.2", "14")), kept
    by_id(browser, "prompt").send_keys(Keys.CONTROL, "a", Keys.NULL, Keys.DELETE)
    wait(browser, "$('counts').textContent === 'Nothing yet.'", "nothing")


# All that can be reached has a name, in the order of the page.
NAMES = """
return [...document.querySelectorAll(
    'button, input, textarea, summary, [tabindex]')].filter(
  element => element.checkVisibility()).map(element => [element.id || element.outerHTML,
    element.getAttribute('aria-label') || element.textContent.trim() ||
    [...(element.labels ?? [])].map(label => label.textContent).join('')]);
"""


def check_names(browser):
    compress(browser, TEXT)
    unnamed = [who for who, name in browser.execute_script(NAMES) if not name]
    assert not unnamed, unnamed
    browser.execute_script("document.activeElement.blur()")
    reached = set()
    for _ in range(40):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        reached.add(browser.switch_to.active_element.get_attribute("id"))
    assert {"prompt", "question", "rate", "heat", "copy", "map"} <= reached, reached


# Least contrast (WCAG 2) of texts with what is beneath them.
CONTRAST = """
const channels = colour => {
  const numbers = colour.match(/[\\d.]+/g).map(Number);
  return numbers[3] === 0 ? null : numbers;
};
const luminance = c => {
  const [r, g, b] = c.slice(0, 3).map(v => v / 255).map(
    v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const beneath = element => {
  for (; element; element = element.parentElement) {
    const c = channels(getComputedStyle(element).backgroundColor);
    if (c) return c;
  }
};
let least = Infinity, where = '';
for (const element of document.querySelectorAll('body *')) {
  if (!element.checkVisibility() || element.disabled ||
      ![...element.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
    continue;
  const a = luminance(channels(getComputedStyle(element).color));
  const b = luminance(beneath(element));
  const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (contrast < least) { least = contrast; where = element.outerHTML; }
}
return [least, where.slice(0, 120)];
"""


def emulate(browser, scheme, width):
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
        {"name": "prefers-color-scheme", "value": scheme},
        {"name": "prefers-reduced-motion", "value": "reduce"}]})
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": width, "height": SIZES[width], "deviceScaleFactor": 1,
        "mobile": width == 400})


def check_looks(browser):
    browser.execute_script("document.querySelector('[data-example=document]').click();"
                           "$('heat').checked || $('heat').click()")
    wait(browser, "!busy && !again", "the document")
    assert not is_stale(browser)
    for scheme in ("light", "dark"):
        for width in SIZES:
            emulate(browser, scheme, width)
            for heat in (True, False):
                least, where = browser.execute_script(CONTRAST)
                assert least >= 4.5, (scheme, width, heat, least, where)
                wider = browser.execute_script(
                    "return document.documentElement.scrollWidth - innerWidth")
                assert wider <= 0, (scheme, width, wider)
                picture = browser.execute_cdp_cmd("Page.captureScreenshot",
                                                  {"format": "png"})["data"]
                name = f"{scheme}-{width}{'-heat' if heat else ''}.png"
                (FOLDER / name).write_bytes(base64.b64decode(picture))
                browser.execute_script("$('heat').click()")
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def check_offline(browser, server):
    """The model is fetched once; then neither it nor the page is."""
    wait(browser, "navigator.serviceWorker.controller !== null", "service worker")
    assert server.asked.count("/default.pith") == 1, server.asked
    server.stop()
    browser.get(server.url)
    wait_until_ready(browser)
    assert compress(browser, TEXT) != ""


def check_faults(browser, server):
    """Without a model, with what is not one, with one, then stopped."""
    server.without_model = True
    browser.get(server.url)
    wait(browser, "!$('choose').hidden", "the chooser")
    assert "404" in by_id(browser, "setup-text").text
    other = FOLDER / "no-model.pith"
    other.write_bytes(b"PITH is not this" * 1000)
    by_id(browser, "file").send_keys(str(other))
    wait(browser, "$('setup-text').textContent.includes('cannot be used')", "refusal")
    by_id(browser, "file").send_keys(str(PAGE / "default.pith"))
    wait_until_ready(browser)
    want = compress(browser, TEXT)
    browser.execute_script(SET, "\n\n".join(f"{i} {TEXT}" for i in range(3000)),
                           {"question": "", "rate": 0.5, "method": "spans"})
    wait(browser, "!$('busy').hidden", "the button to stop")
    by_id(browser, "stop").click()
    wait(browser, "!busy && $('counts').textContent === 'Stopped.'", "stop")
    assert is_stale(browser) # the text is of the prompt before
    assert compress(browser, TEXT) == want
    refused = [line for line in browser.get_log("browser")
               if "404" not in line["message"]]
    assert not refused, refused


def check_worker(browser, server):
    """Where workers do not start the page says so."""
    browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source":
        "const Usual = Worker;"
        "Worker = function () { return new Usual('data:text/javascript,throw 1'); }"})
    browser.get(server.url)
    wait(browser, "$('setup-text').classList.contains('fault')", "the fault")
    assert "cannot run the program" in by_id(browser, "setup-text").text
    server.stop()


def check_file(browser):
    """Opened from a disk: the model is chosen once, and kept."""
    url = (PAGE / "index.html").as_uri()
    browser.get(url)
    wait(browser, "!$('choose').hidden", "the chooser")
    by_id(browser, "file").send_keys(str(PAGE / "default.pith"))
    wait_until_ready(browser)
    text = compress(browser, TEXT)
    time.sleep(1) # the model is kept after the page is ready
    browser.get(url)
    wait_until_ready(browser)
    assert compress(browser, TEXT) == text != ""


def with_browser(profile, check):
    browser = open_browser(profile)
    try:
        check(browser)
    finally:
        browser.quit()


def from_server(browser):
    server = Server()
    for precision in sys.argv[3:] or ("f32", "int16"):
        check_texts(browser, server.url, precision)
    check_use(browser, server.url)
    check_waiting(browser)
    check_names(browser)
    check_looks(browser)
    said = browser.get_log("browser")
    assert not said, said
    check_offline(browser, server)


def main():
    with_browser("profile-server", from_server)
    with_browser("profile-faults", lambda browser: check_faults(browser, Server()))
    with_browser("profile-worker", lambda browser: check_worker(browser, Server()))
    with_browser("profile-file", check_file)
    print("web: page: from a server, offline and as a file; pictures in "
          f"{FOLDER.relative_to(pathlib.Path.cwd())}")


if __name__ == "__main__":
    main()
