"""How long Chromium takes to paint the console, and to show its first status: console_paint.py URL. Prints a JSON object."""
import json
import statistics
import sys
import time

from playwright.sync_api import sync_playwright

ROUNDS = 5


def main():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        paints, statuses = [], []
        for _ in range(1 + ROUNDS):
            # A new context has an empty cache.
            page = browser.new_context().new_page()
            begin = time.monotonic()
            page.goto(sys.argv[1] + "/", wait_until="commit")
            page.locator(".stage").first.wait_for()
            statuses.append((time.monotonic() - begin) * 1000)
            paints.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
            page.context.close()
        browser.close()
    # The first round starts the browser's processes.
    print(json.dumps({"paint_ms": statistics.median(paints[1:]), "status_ms": statistics.median(statuses[1:])}))


if __name__ == "__main__":
    main()
