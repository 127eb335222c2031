#!/usr/bin/env python3
"""The report in a real browser: opened from file://, offline.

  report_test.py DREY FOLDER   makes reports with DREY in FOLDER, checks them, leaves screenshots there
  report_test.py --self-test DREY FOLDER   planted violations: each must be found

Checked: no request but the file itself, nothing on the console, every number that names its place in
result.json equal to it, every page in light and dark, keyboard, links, sorting; 2,000 subtasks below
5 MB and opened in less than half a second. Debian's chromium, chromium-driver, python3-selenium.
"""
import json
import os
import re
import subprocess
import sys
import time

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CATALOGUE = os.path.join(ROOT, "scenarios/catalogue")
PAGES = ["verdict", "graph", "timeline", "checkpoints", "failures", "configuration"]
MOST_BYTES = 5_000_000
MOST_OPEN_MS = 500
MOST_BUSY_MS = 300  # of the page's own thread


class Browser:
    def __init__(self):
        options = Options()
        for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                         "--disable-dev-shm-usage", "--window-size=1440,1000"]:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.driver.execute_cdp_cmd("Network.enable", {})
        self.driver.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
        self.driver.execute_cdp_cmd("Network.emulateNetworkConditions", {
            "offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0})

    def open(self, path, view=""):
        """Fresh page; returns what is wrong with its requests and its console."""
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.driver.get("file://" + path + ("#" + view if view else ""))
        self.wait("main[data-ready]")

    def busy(self):
        """Processor time of the page's thread since it was opened, ms."""
        metrics = self.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
        return 1000 * next(m["value"] for m in metrics if m["name"] == "TaskDuration")

    def wait(self, selector, seconds=20):
        end = time.time() + seconds
        while time.time() < end:
            found = self.driver.find_elements(By.CSS_SELECTOR, selector)
            if found:
                return found[0]
            time.sleep(0.02)
        raise AssertionError("never there: " + selector)

    def settle(self):
        self.driver.execute_async_script(
            "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 60)))")

    def complaints(self, path):
        wrong = ["console: " + entry["message"] for entry in self.driver.get_log("browser")]
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] != "Network.requestWillBeSent":
                continue
            url = message["params"]["request"]["url"].split("#")[0]
            if url.startswith("data:") or url == "about:blank" or url == "file://" + path:
                continue
            wrong.append("request: " + url)
        return wrong

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def keys(self, *keys):
        self.driver.find_element(By.TAG_NAME, "body").send_keys(*keys)
        self.settle()

    def shot(self, name, folder):
        height = self.script("return document.documentElement.scrollHeight")
        self.driver.set_window_size(1440, min(int(height) + 140, 3000))
        self.settle()
        self.driver.save_screenshot(os.path.join(folder, name + ".png"))
        self.driver.set_window_size(1440, 1000)


def pointer(document, path):
    for part in [p.replace("~1", "/").replace("~0", "~") for p in path.split("/")[1:]]:
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document


def nanoseconds(text):
    """The range of durations that are shown as `text`: half a unit of its last digit."""
    units = {"ns": 1, "µs": 1e3, "ms": 1e6, "s": 1e9, "min": 60e9, "h": 3600e9}
    total, last = 0.0, 0.0
    for number, unit in re.findall(r"([\d.\u202f]+) (ns|µs|ms|s|min|h)", text):
        number = plain(number)
        total += float(number) * units[unit]
        # At least three digits are shown, and none that is a trailing zero.
        last = units[unit] * (10 ** -2 if float(number) < 10 else 10 ** -1 if float(number) < 100 else 1)
        if unit in ("min", "h"):
            last = units[unit]
    return total - last, total + last


def least_digit(number):
    """Half of what lies between two numbers that are shown as this one, and a bit."""
    return 10 ** -2 if abs(float(number)) < 10 else 10 ** -1 if abs(float(number)) < 100 else 1


def plain(text):
    return text.replace("\u202f", "").replace("\u2212", "-")


def scaled(text, units):
    """The range of numbers that are shown as `text`, in these units."""
    number, _, unit = plain(text).partition(" ")
    return tuple((float(number) + sign * least_digit(number)) * units[unit] for sign in (-1, 1))


BYTES = {unit: 1024 ** i for i, unit in enumerate(["B", "KiB", "MiB", "GiB", "TiB"])}
DECIMAL = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}


def number_problems(browser, result):
    """Each element that names a place in result.json shows what stands there."""
    wrong = []
    shown = browser.script(
        "return [...document.querySelectorAll('[data-result]')].map(e => [e.dataset.result, e.dataset.kind, e.textContent])")
    for path, kind, text in shown:
        expected = pointer(result, path)
        if kind == "count":
            good = re.sub(r"\D", "", text) == str(expected)
        elif kind == "length":
            good = text == str(len(expected))
        elif kind in ("bytes", "decimal"):
            low, high = scaled(text, BYTES if kind == "bytes" else DECIMAL)
            good = low <= expected <= high
        elif kind == "ns":
            low, high = nanoseconds(text)
            good = low <= expected <= high
        else:
            good = text == str(expected) or (text == "–" and expected == "")
        if not good:
            wrong.append(f"{path}: the page says {text!r}, result.json {expected!r}")
    return wrong, len(shown)


def make(drey, folder, name, arguments):
    out = os.path.join(folder, name)
    subprocess.run([drey, "run", *arguments, "--out", out, "-q"], cwd=ROOT, check=False,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    page, result = os.path.join(out, "report.html"), os.path.join(out, "result.json")
    with open(result, encoding="utf-8") as file:
        return page, json.load(file)


def check_report(browser, page, result, name, shots):
    wrong = []
    for theme in ["light", "dark"]:
        for view in PAGES:
            browser.open(page, f"p={view}&theme={theme}")
            browser.settle()
            if browser.script("return document.querySelector('main').dataset.page") != view:
                wrong.append(f"{name}: the link to {view} shows another page")
            if browser.script("return document.documentElement.dataset.theme") != theme:
                wrong.append(f"{name}: {view} is not {theme}")
            numbers, count = number_problems(browser, result)
            wrong += [f"{name} {view}: {text}" for text in numbers]
            if view == "verdict" and count < 15:
                wrong.append(f"{name}: only {count} numbers of the verdict name their place")
            recovered = result.get("metrics", {}).get("values", {}).get("recovery.total.count", 0)
            if view == "failures" and recovered > 0 and result["failovers"]:
                parts = browser.script("return [...document.querySelectorAll('[data-testid=segments] [data-result$=mean]')].length")
                if parts != 7:
                    wrong.append(f"{name}: a recovery has {parts} segments on the page, not 7")
            if shots:
                browser.shot(f"{name}-{view}-{theme}", shots)
            wrong += [f"{name} {view}: {text}" for text in browser.complaints(page)]
    return wrong


def check_sweep(browser, drey, folder, shots):
    """The page of a sweep: every mean of the table is that of sweep.json; curve, heat map, small multiples."""
    out = os.path.join(folder, "sweep")
    subprocess.run([drey, "sweep", "tests/browser/sweep.json", "--out", out, "-q"], cwd=ROOT, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    page = os.path.join(out, "report.html")
    with open(os.path.join(out, "sweep.json"), encoding="utf-8") as file:
        sweep = json.load(file)
    wrong = []
    for theme in ["light", "dark"]:
        for mode in ["curve", "heat", "multiples"]:
            browser.open(page, f"m={mode}&theme={theme}")
            browser.settle()
            means = browser.script(
                "return [...document.querySelectorAll('[data-sweep]')].map(e => [e.dataset.sweep, e.dataset.exact])")
            numbers = sum(1 for p in sweep["points"] for m in p["metrics"].values() if "mean" in m)
            if len(means) != numbers or numbers == 0:
                wrong.append(f"sweep: {len(means)} means shown of {numbers}")
            for name, text in means:
                index, measure = name.split("|")
                if float(text) != sweep["points"][int(index)]["metrics"][measure]["mean"]:
                    wrong.append(f"sweep: {name} is shown as {text}")
            if browser.script("return +document.querySelector('[data-testid=points]').textContent") != len(sweep["points"]):
                wrong.append("sweep: the number of points")
            drawn = browser.script("return [document.querySelectorAll('.curve').length, document.querySelectorAll('.heat td').length]")
            expected = {"curve": [1, 0], "heat": [0, 12], "multiples": [3, 0]}[mode]
            if drawn != expected:
                wrong.append(f"sweep: {mode} draws {drawn}, not {expected}")
            if mode == "curve":
                marked = browser.script("return document.querySelectorAll('.chosen-mark').length")
                chosen = sum(len(answer["choices"]) for answer in sweep["answers"])
                if marked != chosen or chosen == 0:
                    wrong.append(f"sweep: {marked} recommended values are marked, not {chosen}")
            if shots:
                browser.shot(f"sweep-{mode}-{theme}", shots)
            wrong += [f"sweep {mode}: {text}" for text in browser.complaints(page)]
    return wrong


def check_handling(browser, page, result):
    """Keyboard, links, sorting, the slider."""
    wrong = []

    def expect(what, good):
        if not good:
            wrong.append("handling: " + what)

    browser.open(page)
    expect("the verdict comes first", browser.script("return document.querySelector('main').dataset.page") == "verdict")
    browser.keys("2")
    expect("key 2 shows the graph", browser.script("return document.querySelector('main').dataset.page") == "graph")
    before = float(browser.script("return document.querySelector('[data-testid=time]').value"))
    browser.keys(Keys.ARROW_RIGHT)
    after = float(browser.script("return document.querySelector('[data-testid=time]').value"))
    expect("the right arrow moves the moment", after > before)
    theme = browser.script("return document.documentElement.dataset.theme")
    browser.keys("t")
    expect("key t changes the theme", browser.script("return document.documentElement.dataset.theme") != theme)
    node = browser.script("return document.querySelector('.node').dataset.testid.slice(5)")
    browser.script("document.querySelector('.node').dispatchEvent(new MouseEvent('click', {bubbles: true}))")
    browser.settle()
    subtasks = browser.script("return [...document.querySelectorAll('[data-testid=table-subtasks] tbody tr')].map(r => r.dataset.key)")
    expect("a chosen vertex shows its subtasks only", subtasks and all(s.startswith(node + "/") for s in subtasks))
    link = browser.script("return location.hash")
    browser.open(page, link[1:])
    expect("a link restores vertex and moment",
           browser.script("return document.querySelector('.node.chosen')?.dataset.testid") == "node-" + node and
           abs(float(browser.script("return document.querySelector('[data-testid=time]').value")) - after) < 2e6)
    browser.open(page, "p=verdict")
    header = "[data-testid=table-messages] th:nth-child(2)"
    order = "return [...document.querySelectorAll('[data-testid=table-messages] tbody td:nth-child(2)')].map(c => +c.textContent.replace(/\\D/g, ''))"
    down = browser.script(order)
    browser.script(f"document.querySelector('{header} button').click()")
    browser.settle()
    up = browser.script(order)
    expect("tables sort both ways", down == sorted(down, reverse=True) and up == sorted(up) and up != down)
    expect("the order is told", browser.script(f"return document.querySelector('{header}').ariaSort") == "ascending")
    browser.open(page, "p=failures")
    expect("each failover has its story",
           len(browser.driver.find_elements(By.CSS_SELECTOR, "[data-testid^=failover-]")) == min(30, len(result["failovers"])))
    browser.open(page, "p=checkpoints")
    bars = len(browser.driver.find_elements(By.CSS_SELECTOR, "[data-testid=strip] [role=option]"))
    done = len(browser.driver.find_elements(By.CSS_SELECTOR, "[data-testid=strip] .bar.completed"))
    expect("the strip has every checkpoint", done == result["checkpoints"]["completed"] and bars >= done)
    names = browser.script(
        "return [...document.querySelectorAll('button,select,input')].filter(e => !(e.textContent.trim() || e.ariaLabel || e.labels?.length || e.closest('label'))).length")
    expect("every control has a name", names == 0)
    return wrong + browser.complaints(page)


def check_size(browser, page):
    wrong = []
    size = os.path.getsize(page)
    load = os.getloadavg()[0]
    times, work = [], []
    for _ in range(5):
        browser.open(page)
        browser.wait("html[data-ready-ms]")
        times.append(float(browser.script("return document.documentElement.dataset.readyMs")))
        work.append(browser.busy())
    switch = []
    for key in "234561":
        start = time.time()
        browser.keys(key)
        switch.append(1000 * (time.time() - start))
    print(f"2,000 subtasks: {size} bytes, opened in {min(times):.0f} ms (all: {', '.join(f'{t:.0f}' for t in times)}; "
          f"{min(work):.0f} ms of processor time; load of the machine {load:.1f} on {os.cpu_count()} cores), "
          f"slowest change of page {max(switch):.0f} ms")
    if size >= MOST_BYTES:
        wrong.append(f"size: {size} bytes")
    # The clock on the wall says something of the page only where the page has the machine for itself; the time of
    # the page's own thread always does.
    alone = load < os.cpu_count()
    if min(work) >= MOST_BUSY_MS or (alone and min(times) >= MOST_OPEN_MS):
        wrong.append(f"opened in {min(times):.0f} ms at best, {min(work):.0f} ms of processor time")
    if alone and max(switch) >= 2000:
        wrong.append(f"a change of page takes {max(switch):.0f} ms")
    return wrong + browser.complaints(page)


REPORTS = {
    "crash": ["scenarios/catalogue/task_manager/crash-heap.json"],
    "batch": ["scenarios/catalogue/restart/batch-result-lost.json"],
    "expires": ["scenarios/catalogue/checkpoint/expires.json"],
    "seeds": ["scenarios/catalogue/task_manager/crash-heap.json", "--seeds", "1..3"],
    "violated": ["scenarios/catalogue/task_manager/crash-heap.json", "--mutant", "restored-offset-read-again"],
}


def planted(browser, drey, folder):
    """Reports that are wrong on purpose; True when each was found."""
    page, result = make(drey, folder, "planted", REPORTS["crash"])
    with open(page, encoding="utf-8") as file:
        text = file.read()
    compared = result["ledger"]["compared"]
    changes = {
        "a changed number": (f'"compared": {compared}', f'"compared": {compared + 1}'),
        "a changed verdict": ('"verdict": "pass"', '"verdict": "fail"'),
        "a request": ("<body>", '<body><img src="https://example.org/pixel.png">'),
        "an error": ("<body>", "<body><script>console.error('planted')</script>"),
    }
    found_all = True
    for what, (old, new) in changes.items():
        if old not in text:
            raise AssertionError("nothing to plant: " + old)
        broken = os.path.join(folder, "planted.html")
        with open(broken, "w", encoding="utf-8") as file:
            file.write(text.replace(old, new, 1))
        browser.open(broken, "p=verdict")
        browser.settle()
        numbers, _ = number_problems(browser, result)
        wrong = numbers + browser.complaints(broken)
        print(f"{what}: {'found: ' + wrong[0] if wrong else 'NOT FOUND'}")
        found_all = found_all and bool(wrong)
    return found_all


def main():
    self_test = sys.argv[1] == "--self-test"
    drey, folder = sys.argv[-2], sys.argv[-1]
    os.makedirs(folder, exist_ok=True)
    browser = Browser()
    try:
        if self_test:
            sys.exit(0 if planted(browser, drey, folder) else 1)
        wrong = []
        for name, arguments in REPORTS.items():
            page, result = make(drey, folder, name, arguments)
            wrong += check_report(browser, page, result, name, folder)
        page, result = make(drey, folder, "crash", REPORTS["crash"])
        wrong += check_handling(browser, page, result)
        wrong += check_sweep(browser, drey, folder, folder)
        page, result = make(drey, folder, "big", ["tests/browser/big.json"])
        wrong += check_size(browser, page)
        wrong += check_report(browser, page, result, "big", folder)
        for line in wrong:
            print(line)
        print(f"{len(REPORTS) + 2} reports, {'all right' if not wrong else str(len(wrong)) + ' complaints'}; screenshots in {folder}")
        sys.exit(1 if wrong else 0)
    finally:
        browser.driver.quit()


if __name__ == "__main__":
    main()
