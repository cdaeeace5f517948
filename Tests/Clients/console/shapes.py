"""What every page of the console owes its reader: contrast in both schemes, a phone's width, names for the keyboard's stops."""

from console.pages import expect

PATHS = ["/", "/outbox", "/parked", "/orders", "/readmodel", "/replays", "/decisions", "/drills", "/checks"]

# Text of less contrast than this is hard to read (WCAG 2.2, 1.4.3).
CONTRAST = 4.5

LOW_CONTRAST = """(bound) => {
    const parts = (text) => text.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4))
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const colour = parts(getComputedStyle(at).backgroundColor);
            if (colour.length < 4 || colour[3] > 0) return colour;
        }
        return [255, 255, 255];
    };
    const found = [];
    for (const element of document.querySelectorAll("body *")) {
        const text = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.textContent.trim()).join("");
        if (!text || element.closest("svg, noscript, :disabled, .skip") || !element.checkVisibility()) continue;
        const pair = [light(parts(getComputedStyle(element).color)), light(behind(element))].sort((a, b) => b - a);
        const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
        if (ratio < bound) found.push(`${text.slice(0, 40)}: ${ratio.toFixed(2)}`);
    }
    return found;
}"""

NAMELESS = """() => [...document.querySelectorAll("button, a, input, select, textarea, summary, [tabindex='0'], dialog")]
    .filter((element) => element.checkVisibility() && !(element.ariaLabel || element.textContent.trim() || element.labels?.length || element.title))
    .map((element) => element.outerHTML.slice(0, 80))"""

TOO_WIDE = """() => [...document.querySelectorAll("body *")].filter((element) => element.checkVisibility() && !element.closest(".scroll, .skip, pre, svg")
    && element.getBoundingClientRect().right > innerWidth + 1).map((element) => `${element.tagName} ${element.className} ${element.textContent.slice(0, 40)}`)"""


def is_drawn(page):
    page.locator("#connection", has_text="live").wait_for()
    page.locator("main section, main table, main form, main .notice").first.wait_for()
    # A function that is polled in the page would need the right to evaluate text, which the console's policy refuses.
    page.get_by_text("Loading …").first.wait_for(state="hidden")


def is_readable(page, what):
    found = page.evaluate(LOW_CONTRAST, CONTRAST)
    expect(not found, f"{what}: hard to read: {found}")
    found = page.evaluate(NAMELESS)
    expect(not found, f"{what}: without a name: {found}")


def fits(page, what):
    expect(page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{what}: wider than the window: {page.evaluate(TOO_WIDE)[:5]}")
