"""The console in a browser: pages that fail the run on any error of a script and on anything that the policy refused."""

import json
import urllib.request

from playwright.sync_api import sync_playwright

# Lists that refresh themselves wait for their turn, and machines that test are busy.
SECONDS = 60
VIEWPORT = {"width": 1280, "height": 900}


class Failure(Exception):
    pass


def expect(condition, message):
    if not condition:
        raise Failure(message)


class Console:
    """Debian's Chromium, without a sandbox: the tests run as root."""

    def __init__(self, url):
        self.url = url
        self.complaints = []
        self.pages = []

    def __enter__(self):
        self.playwright = sync_playwright().start()
        self.browser = self.playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        self.context = self.browser.new_context(viewport=VIEWPORT)
        self.context.set_default_timeout(SECONDS * 1000)
        return self

    def __exit__(self, kind, *_):
        if kind:
            for page in (page for page in self.pages if not page.is_closed()):
                print(f"--- {page.url}\n{page.locator('body').inner_text(timeout=2000)}")
        self.browser.close()
        self.playwright.stop()
        if not kind:
            expect(not self.complaints, "\n".join(self.complaints))

    def open(self, path, **options):
        """A page; with options in a context of its own, such as color_scheme or viewport."""
        context = self.browser.new_context(**{"viewport": VIEWPORT, **options}) if options else self.context
        context.set_default_timeout(SECONDS * 1000)
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(f"{path}: {error}"))
        page.on("dialog", lambda dialog: self.complaints.append(f"{path}: a dialog says {dialog.message}"))
        page.on("console", lambda message: self.hear(path, message))
        page.on("request", lambda request: self.check_origin(path, request))
        page.goto(f"{self.url}/#{path}")
        self.pages.append(page)
        return page

    def hear(self, path, message):
        """Answers of the server that are errors, and a server that is away, are what some phases are about."""
        if message.type == "error" and "Failed to load resource" not in message.text and "net::ERR" not in message.text:
            self.complaints.append(f"{path}: {message.text}")

    def check_origin(self, path, request):
        if not request.url.startswith(self.url):
            self.complaints.append(f"{path}: asks another server: {request.url}")

    def titles_are_ours(self):
        return all("Outbox console" in page.title() and page.locator("main img").count() == 0 for page in self.pages if not page.is_closed())


def place_order(http, customer="ada"):
    body = {"customer_id": customer, "vendor_id": "acme", "product_id": "lamp", "quantity": 2, "total_price": 39.90,
            "payment_method": "CREDIT_CARD"}
    request = urllib.request.Request(http + "/v1/orders", json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:
        return json.load(answer)["order_id"]


def order_of(url):
    """Some order of the outbox."""
    with urllib.request.urlopen(url + "/api/v1/events?aggregate_type=order&limit=1", timeout=SECONDS) as answer:
        return json.load(answer)["events"][0]["aggregate_id"]
