"""Uses the console in a real browser: console_browser.py URL PHASE [--http URL] [--database URL] [--pictures FOLDER] [--reports FOLDER]

    live       an order and rows with hostile texts are written, and appear without a reload, as text
    relay-gone the relay does not run: backlog and reason are shown
    parked     a key is parked by a row that is too large: preview, skip, release; the rest is published in order
    bulk       three keys are parked: their refused rows are skipped in bulk, then all are released in bulk
    restart    prints "ready", and expects the console to be stopped and started again: two pages go on by themselves
    show-only  the console allows no actions: there are no buttons, and the server refuses
    replay     an order is replayed by the form: dry run, reason, progress; another replay is stopped
    rebuild    a row of the read model is wrong; a rebuild by the form finds and mends it
    shapes     light and dark, a phone's width, the keyboard alone, behind a path prefix
    drills     a report of drills is written: scoreboard, timeline, playing and stepping through it; an audit is written
    seed       writes an order and a parked key, so that answers have something in them
    cost       pages are open and orders come: the statements that Postgres counts
    pictures   writes a picture of each page into the folder
"""

import argparse
import json
import os
import pathlib
import sys
import time
import urllib.error
import urllib.request

import psycopg
from console import drill_report
from console import shapes as shape
from console.pages import SECONDS, Console, expect, order_of, place_order
from console.prefix import behind

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


def live(options):
    with Console(options.url) as console, psycopg.connect(options.database, autocommit=True) as database:
        page = console.open("/outbox")
        order = place_order(options.http, HOSTILE)
        row = page.locator("tbody tr", has_text=order).filter(has_text="order_placed").first
        row.wait_for()
        asked_too_early(console, "events", "events")
        console.open("/outbox").locator("tbody tr", has_text=order).first.wait_for()
        page.locator("tbody tr", has_text=order).filter(has_text="published").first.wait_for()
        row.focus()
        page.keyboard.press("Enter")
        drawer = page.locator("dialog[open]")
        drawer.locator("pre", has_text="onerror").wait_for()
        page.wait_for_url(lambda url: "row=" in url)
        page.keyboard.press("Escape")
        page.wait_for_url(lambda url: "row=" not in url)

        database.execute(
            """INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload, headers)
               VALUES (%s, %s, 0, %s, %s, %s)""",
            (HOSTILE, HOSTILE, HOSTILE, HOSTILE.encode(), json.dumps({HOSTILE: HOSTILE})))
        hostile = page.locator("tbody tr", has_text="onerror").first
        hostile.wait_for()
        hostile.click()
        page.locator("dialog[open] pre", has_text="onerror").wait_for()
        page.keyboard.press("Escape")
        give_up(database, HOSTILE)

        page = console.open(f"/orders?id={order}")
        page.get_by_text("order_paid").first.wait_for()
        page.get_by_text("equal to the events").wait_for()
        page.get_by_text(HOSTILE).first.wait_for()

        page = console.open("/outbox?state=published&aggregate_type=order")
        page.locator("tbody tr").first.wait_for()
        expect(page.locator("tbody tr", has_text="onerror").count() == 0, "the filter of the address is not used")
        other = console.open("/outbox?from_id=many")
        other.get_by_role("alert").get_by_text("from_id").wait_for()
        expect(console.titles_are_ours(), "a text of a row was run as a script")


def give_up(database, aggregate_type):
    """Drops rows whose type can be no topic: the invariants are about the others."""
    parked = "FROM outbox_relay.parked WHERE aggregate_type = %s"
    wait_until(database, f"SELECT EXISTS (SELECT {parked})", aggregate_type)
    database.execute("UPDATE outbox_relay.held SET skipped = true WHERE aggregate_type = %s", (aggregate_type,))
    database.execute("UPDATE outbox_relay.parked SET release_asked_at = now() WHERE aggregate_type = %s", (aggregate_type,))
    database.execute("SELECT pg_notify(channel, '') FROM outbox_relay.relay")
    wait_until(database, f"SELECT NOT EXISTS (SELECT {parked})", aggregate_type)
    database.execute("DELETE FROM outbox WHERE aggregate_type = %s", (aggregate_type,))


def wait_until(database, question, *parameters):
    deadline = time.monotonic() + SECONDS
    while not database.execute(question, parameters).fetchone()[0]:
        expect(time.monotonic() < deadline, f"not in time: {question}")
        time.sleep(0.1)


def relay_gone(options):
    with Console(options.url) as console:
        page = console.open("/")
        for _ in range(3):
            place_order(options.http)
        page.get_by_text("no relay leads").first.wait_for()
        page.get_by_text("3 unpublished").wait_for()
        stale = console.open("/outbox?state=unpublished")
        stale.locator("tbody tr").nth(2).wait_for()


def parked(options):
    with Console(options.url) as console, psycopg.connect(options.database, autocommit=True) as database:
        page = console.open("/parked")
        for sequence, payload in enumerate([b"x" * 2_000_000, b"one", b"two", b"three"]):
            database.execute(
                """INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
                   VALUES ('parcel', 'large', %s, 'parcel_packed', %s)""", (sequence, payload))
        key = page.locator("tbody tr", has_text="parcel/large").first
        key.wait_for()
        asked_too_early(console, "parked", "keys")
        console.open("/parked").locator("tbody tr", has_text="parcel/large").first.wait_for()
        key.click()
        held = page.get_by_role("region", name="Held rows").locator("tbody tr")
        held.nth(3).wait_for()
        expect([row.split()[-3] for row in held.all_inner_texts()] == ["0", "1", "2", "3"], f"held: {held.all_inner_texts()}")

        edit(page, held.nth(1))
        held.nth(0).click()
        page.get_by_role("button", name="Skip row").click()
        decide(page, "Yes, skip", "too large, agreed with its owners")
        page.locator("dialog[open]").last.get_by_text("Done.").wait_for()
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Release this key").click()
        preview = page.locator("dialog[open]")
        preview.locator("tbody tr").nth(2).wait_for()
        expect(preview.locator("tbody tr").count() == 3, "the preview does not show the three rows that are published")
        decide(page, "Yes, release", "without the large row")
        preview.get_by_text("Done.").wait_for()
        page.keyboard.press("Escape")
        page.get_by_text("No key is parked").wait_for()

        page = console.open("/outbox?aggregate_type=parcel&order=oldest_first")
        page.locator("tbody tr", has_text="published").nth(2).wait_for()
        page = console.open("/decisions")
        page.locator("tbody tr", has_text="without the large row").wait_for()
        page.locator("tbody tr", has_text="too large, agreed").wait_for()
        # Given up for good: the invariants are about the others.
        database.execute("DELETE FROM outbox WHERE aggregate_type = 'parcel' AND sequence_number = 0")
        # An edit leaves the row as it was written; Kafka has the new payload.
        database.execute("UPDATE outbox SET payload = 'ONE' WHERE aggregate_type = 'parcel' AND sequence_number = 1")


def edit(page, row):
    """Payload and headers of a held row are changed; a line that is no header is refused before anything is sent."""
    row.click()
    page.get_by_role("button", name="Edit row").click()
    dialog = page.get_by_role("dialog", name="Edit row")
    expect(dialog.get_by_role("button", name="Continue").is_disabled(), "an edit without a difference is possible")
    dialog.locator("#payload").fill("ONE")
    dialog.locator("#headers").fill("nonsense")
    dialog.get_by_role("alert").get_by_text("is not name: value").wait_for()
    dialog.locator("#headers").fill("note: late")
    expect(dialog.locator(".diff").all_inner_texts() == ["− one\n+ ONE", "+ note: late"], f"the difference: {dialog.locator('.diff').all_inner_texts()}")
    dialog.get_by_role("button", name="Continue").click()
    decide(page, "Yes, edit", "louder, and with a note")
    page.locator("dialog[open]").last.get_by_text("Done.").wait_for()
    page.keyboard.press("Escape")
    drawer = page.locator("dialog[open]")
    drawer.locator("pre", has_text="ONE").wait_for()
    drawer.get_by_text("✎ edited").first.wait_for()
    drawer.locator("dd", has_text="late").wait_for()
    page.keyboard.press("Escape")


def asked_too_early(console, path, name):
    """New pages get the first status late, and first an answer as it would have been before it: empty. They must ask again."""
    answered, told = list(console.pages), list(console.pages)

    def answer(route):
        page = route.request.frame.page
        if page in answered:
            return route.fallback()
        answered.append(page)
        response = route.fetch()
        route.fulfill(response=response, json={**response.json(), name: []})

    def tell(route):
        page = route.request.frame.page
        if page in told:
            return route.fallback()
        told.append(page)
        route.abort()

    console.context.route(f"**/api/v1/{path}?*", answer)
    console.context.route("**/api/v1/live", tell)


def bulk(options):
    with Console(options.url) as console, psycopg.connect(options.database, autocommit=True) as database:
        page = console.open("/parked?aggregate_type=crate")
        for key in ("a", "b", "c"):
            for sequence, payload in enumerate([b"x" * 2_000_000, b"small"]):
                database.execute(
                    """INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
                       VALUES ('crate', %s, %s, 'crate_packed', %s)""", (key, sequence, payload))
        page.locator("tbody tr", has_text="crate/").nth(2).wait_for()
        page.get_by_role("button", name="Edit headers of all keys that match").click()
        dialog = page.locator("dialog[open]")
        dialog.locator("#header-name").fill("note")
        dialog.locator("#header-value").fill("late")
        dialog.locator("#header-rows").select_option("all")
        dialog.get_by_role("button", name="Continue").click()
        finish(page, "edit", "Yes, edit", "say that they are late", "3 of 3")
        page.get_by_role("button", name="Skip the refused row of all keys that match").click()
        finish(page, "skip", "Yes, skip", "all of them are too large", "3 of 3")
        page.get_by_role("button", name="Release all keys that match").click()
        finish(page, "release", "Yes, release", "the large rows are out", "3 of 3")
        page.get_by_text("No key is parked that matches").wait_for()

        page = console.open("/outbox?aggregate_type=crate&state=published")
        page.locator("tbody tr", has_text="published").nth(2).wait_for()
        page = console.open("/decisions")
        for reason in ("say that they are late", "all of them are too large", "the large rows are out"):
            page.locator("tbody tr", has_text=reason).nth(3).wait_for()
        interrupted(console, database)
        database.execute("DELETE FROM outbox WHERE aggregate_type = 'crate' AND sequence_number = 0")


def interrupted(console, database):
    """Bulk actions that a crash has left: they are seen from the first page, one goes on, the other is given up."""
    for reason in ("left to go on", "left to be stopped"):
        database.execute(
            """INSERT INTO outbox_relay.bulk (action, filter, reason, total_keys) VALUES ('skip', '{"aggregate_type": "nosuch"}', %s, 4)""",
            (reason,))
    page = console.open("/")
    work = page.get_by_role("region", name="At work")
    work.get_by_text("(skip) is interrupted: 0 keys done, 0 %").nth(1).wait_for()
    work.get_by_role("link").first.click()
    card = page.locator("section.card", has_text="left to go on")
    card.get_by_role("button", name="Continue").click()
    decide(page, "Yes, continue bulk", "Postgres is back")
    page.locator("dialog[open]").get_by_text("Done.").wait_for()
    page.keyboard.press("Escape")
    card.get_by_text("● done").wait_for()
    card = page.locator("section.card", has_text="left to be stopped")
    card.get_by_role("button", name="Stop").click()
    decide(page, "Yes, stop bulk", "not wanted any more")
    page.locator("dialog[open]").get_by_text("Done.").wait_for()
    page.keyboard.press("Escape")
    card.get_by_text("❚❚ stopped").wait_for()
    page = console.open("/decisions")
    page.locator("tbody tr", has_text="Postgres is back").get_by_text("▶ skip continued").wait_for()
    page.locator("tbody tr", has_text="not wanted any more").get_by_text("❚❚ skip stopped").wait_for()
    page = console.open("/")
    page.get_by_text("Relay", exact=True).wait_for()
    # The first status may be the one before the end.
    page.get_by_role("region", name="At work").wait_for(state="detached")


def finish(page, action, button, reason, keys):
    """Decides, and waits until the page says that the bulk action is done with so many keys."""
    decide(page, button, reason)
    page.locator("dialog[open]").get_by_text("has begun").wait_for()
    page.keyboard.press("Escape")
    card = page.locator("section.card", has_text=reason)
    card.get_by_text(f"{action} ").filter(has_text="done").wait_for()
    card.get_by_text(keys).wait_for()


def decide(page, button, reason):
    """Gives the reason that the dialog asks for. Without one the browser must refuse to send."""
    dialog = page.locator("dialog[open]").last
    dialog.get_by_role("button", name=button).click()
    expect(dialog.locator("#reason:invalid").count() == 1, "an action without a reason is possible")
    dialog.locator("#reason").fill(reason)
    dialog.get_by_role("button", name=button).click()


def restart(options):
    with Console(options.url) as console:
        first, second = console.open("/"), console.open("/outbox")
        for page in (first, second):
            page.locator("#connection", has_text="live").wait_for()
        print("ready", flush=True)
        for page in (first, second):
            page.locator("#connection", has_text="does not answer").wait_for()
        print("gone", flush=True)
        for page in (first, second):
            page.locator("#connection", has_text="live").wait_for()
        order = place_order(options.http)
        second.locator("tbody tr", has_text=order).first.wait_for()

        second.get_by_role("button", name="Pause updates").click()
        second.locator("#connection", has_text="paused").wait_for()
        later = place_order(options.http)
        first.evaluate("location.hash = '#/outbox'")
        first.locator("tbody tr", has_text=later).first.wait_for()
        expect(second.locator("tbody tr", has_text=later).count() == 0, "a paused page goes on")


def show_only(options):
    with Console(options.url) as console:
        page = console.open("/")
        page.locator("#connection", has_text="live").wait_for()
        page.get_by_text("Relay", exact=True).wait_for()
        expect(page.get_by_role("button", name="Pause publishing").count() == 0, "a console that only shows has buttons")
    request = urllib.request.Request(
        options.url + "/api/v1/actions", b'{"action":"pause","reason":"x"}', {"content-type": "application/json"})
    try:
        urllib.request.urlopen(request)
        expect(False, "a console that only shows acts")
    except urllib.error.HTTPError as error:
        expect(error.code == 403 and "CONSOLE_ACTIONS" in error.read().decode(), f"answered {error.code}")


def replay(options):
    with Console(options.url) as console:
        order = place_order(options.http)
        page = console.open(f"/orders?id={order}")
        page.get_by_text("equal to the events").wait_for()
        page.locator("tbody tr", has_text="published").nth(2).wait_for()
        page = console.open("/replays")
        form = page.get_by_role("form", name="Replay")
        form.get_by_role("button").click()
        page.get_by_role("alert", name="").get_by_text("Say which rows").wait_for()
        form.get_by_label("Aggregate type").fill("order")
        form.get_by_label("Aggregate id").fill(order)
        form.get_by_role("button").click()
        preview = page.locator("dialog[open]")
        preview.locator("tbody tr").nth(2).wait_for()
        expect(preview.locator("tbody tr").count() == 3, "the dry run does not show the three rows of the order")
        decide(page, "Yes, replay", "the index lost an order")
        preview.get_by_text("Done.").wait_for()
        page.keyboard.press("Escape")
        page.locator("tbody tr", has_text="the index lost an order").filter(has_text="done").filter(has_text="100 %").wait_for()

        # A slow one is seen to run, and is stopped.
        form.get_by_label("Aggregate id").fill("")
        form.get_by_label("Rows per second").fill("1")
        form.get_by_role("button").click()
        decide(page, "Yes, replay", "slowly")
        page.locator("dialog[open]").get_by_text("Done.").wait_for()
        page.keyboard.press("Escape")
        row = page.locator("tbody tr", has_text="slowly")
        row.filter(has_text="running").wait_for()
        row.get_by_role("button", name="Stop").click()
        decide(page, "Yes, stop replay", "enough")
        page.locator("dialog[open]").get_by_text("Done.").wait_for()
        page.keyboard.press("Escape")
        row.filter(has_text="stopped").wait_for()
        console.open("/decisions").locator("tbody tr", has_text="enough").get_by_text("❚❚ replay stopped").wait_for()
        page = console.open(f"/orders?id={order}")
        page.get_by_text("equal to the events").wait_for()


def rebuild(options):
    """The read model loses a row; a rebuild brings it back, and says what was wrong."""
    with Console(options.url) as console, psycopg.connect(options.database, autocommit=True) as database:
        order = place_order(options.http)
        page = console.open(f"/orders?id={order}")
        page.get_by_text("equal to the events").wait_for()
        database.execute("UPDATE order_projection SET quantity = 77 WHERE order_id = %s", (order,))
        page = console.open("/readmodel")
        page.get_by_text("never rebuilt").wait_for()
        page.get_by_role("button", name="Rebuild projection").click()
        decide(page, "Yes, rebuild", "a row is wrong")
        page.locator("dialog[open]").get_by_text("Done.").wait_for()
        page.keyboard.press("Escape")
        card = page.get_by_role("region", name="Rebuild 1")
        card.get_by_text("switched").wait_for()
        card.get_by_text("1 different").wait_for()
        card.get_by_text(order).wait_for()
        expect(database.execute("SELECT quantity FROM order_projection WHERE order_id = %s", (order,)).fetchone()[0] == 2, "the row is still wrong")


def drills(options):
    # A browser has six connections to a server, and each open page keeps one for live updates.
    with Console(options.url) as console:
        page = console.open("/drills")
        page.get_by_text("No drill was reported yet").wait_for()
        page.get_by_text("make drill").wait_for()
        write(options.reports, "drills.json", drill_report.report(HOSTILE))
        page.close()
        page = console.open("/drills")
        page.get_by_text("2 faults × 4 invariants, 3 runs, 2 violations, 1 broken off").wait_for()
        fault = page.locator("tbody tr", has_text="kill-relay")
        expect(fault.locator(".verdict.good").count() == 3 and fault.locator(".verdict.bad").inner_text() == "✕ 2", f"verdicts: {fault.inner_text()}")
        cells = page.locator("tbody tr", has_text="slow-brokers").locator("td").all_inner_texts()
        expect(cells[2:6] == ["✓", "✓", "–", "–"] and cells[-2:] == ["3.1 s", "500 ms"], f"slow-brokers: {cells}")

        # The fault opens the run that failed; the address keeps it.
        fault.click()
        run = page.get_by_role("region", name="Run 2")
        run.get_by_text("published: 2 × record_missing").wait_for()
        page.wait_for_url(lambda url: url.endswith("run=2"))
        run.get_by_text("At 20.0 s").wait_for()
        run.get_by_role("button", name="Step back").click()
        run.get_by_text("At 12.0 s").wait_for()
        run.get_by_role("button", name="Step back").click()
        run.locator(".reading", has_text="At 5.0 s: 0/s orders, Postgres does not answer, worst wait 5.0 s; last: kill -9 outbox-relay (0.0 s ago)").wait_for()
        expect(run.locator("ol.marks li.passed").count() == 1, "marks that come later count as passed")
        run.locator("#drill-speed").select_option("16")
        run.get_by_role("button", name="Play").click()
        run.get_by_text("At 20.0 s").wait_for()
        run.get_by_role("button", name="Play").wait_for()
        run.locator("ol.marks button").last.click()
        run.get_by_text("At 12.0 s").wait_for()
        run.locator("#drill-position").focus()
        page.keyboard.press("Home")
        run.locator(".reading", has_text="At 0.0 s").wait_for()
        run.get_by_text("outboxctl drill run kill-relay --seed 18446744073709551615").wait_for()
        page.close()
        page = console.open("/drills?run=3")
        page.get_by_text("This run could not be finished").wait_for()
        page.get_by_text("onerror").first.wait_for()
        write(options.reports, "drills.json", "no report")
        page.close()
        page = console.open("/drills")
        page.get_by_text("it is no report of drills").wait_for()
        expect(console.titles_are_ours(), "a text of a report was run as a script")

        page.close()
        page = console.open("/checks")
        page.get_by_text("There is none yet").wait_for()
        write(options.reports, "audit.json", drill_report.audit(HOSTILE))
        page.close()
        page = console.open("/checks")
        page.get_by_text("1 difference").wait_for()
        page.locator("tbody tr", has_text="record missing").get_by_text("onerror").first.wait_for()
        page.get_by_text("12 on their way").wait_for()
        expect(console.titles_are_ours(), "a text of an audit was run as a script")
        for scheme in ("light", "dark"):
            write(options.reports, "drills.json", drill_report.report("x"))
            for path in ("/drills?run=2", "/checks"):
                page = console.open(path, color_scheme=scheme)
                shape.is_drawn(page)
                shape.is_readable(page, f"{path} in {scheme}")
                page.context.close()
        page = console.open("/drills?run=2", viewport={"width": 390, "height": 844})
        page.get_by_role("region", name="Run 2").wait_for()
        shape.fits(page, "drills on a phone")
        page.context.close()


def write(folder, name, content):
    """A file that is written as a whole, with another time than the one before."""
    path = pathlib.Path(folder, name)
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    if path.stat().st_mtime_ns == before:
        os.utime(path, ns=(before + 10**9, before + 10**9))


def shapes(options):
    order = order_of(options.url)
    paths = [path if path != "/orders" else f"/orders?id={order}" for path in shape.PATHS]
    with Console(options.url) as console:
        for scheme in ("light", "dark"):
            for path in paths:
                page = console.open(path, color_scheme=scheme)
                shape.is_drawn(page)
                shape.is_readable(page, f"{path} in {scheme}")
                page.context.close()
        for path in [*paths, "/outbox"]:
            page = console.open(path, viewport={"width": 390, "height": 844})
            shape.is_drawn(page)
            shape.fits(page, f"{path} on a phone")
            if path == "/outbox":
                page.locator("tbody tr").first.click()
                page.locator("dialog[open] pre").first.wait_for()
                shape.fits(page, "a row on a phone")
                shape.is_readable(page, "a row on a phone")
            page.context.close()
        keyboard(console)
    with behind(options.url, "/ops/outbox") as url, Console(url) as console:
        page = console.open("/outbox")
        page.locator("#connection", has_text="live").wait_for()
        order = place_order(options.http)
        page.locator("tbody tr", has_text=order).first.wait_for()


def keyboard(console):
    """From the address to the payload of a row and back, without a pointer."""
    page = console.open("/")
    shape.is_drawn(page)
    page.keyboard.press("Tab")
    expect(focused(page) == "Skip to the content", f"the first stop is {focused(page)}")
    page.keyboard.press("Enter")
    expect(page.evaluate("document.activeElement.id") == "main", "the link to the content leads elsewhere")
    page.locator("#nav a").first.focus()
    for _ in range(10):
        if focused(page) == "Outbox":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator("tbody tr").first.wait_for()
    page.get_by_role("button", name="Reload").focus()
    page.keyboard.press("Tab")
    page.locator("[id^='row-']:focus").wait_for()
    row = page.evaluate("document.activeElement.id")
    page.keyboard.press("Enter")
    page.locator("dialog[open] pre").first.wait_for()
    page.keyboard.press("Escape")
    page.locator("dialog[open]").wait_for(state="hidden")
    expect(page.evaluate("document.activeElement.id") == row, "the focus is not where it was before the row was opened")


def focused(page):
    return page.evaluate("document.activeElement.textContent.trim()")


def seed(options):
    order = place_order(options.http)
    with psycopg.connect(options.database, autocommit=True) as database:
        database.execute(
            """INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
               VALUES ('parcel', 'large', 0, 'parcel_packed', %s)""", (b"x" * 2_000_000,))
        wait_until(database, "SELECT EXISTS (SELECT FROM outbox_relay.parked WHERE aggregate_id = %s)", "large")
        wait_until(database, "SELECT EXISTS (SELECT FROM outbox WHERE aggregate_id = %s)", order)


STATEMENTS = """SELECT coalesce(sum(calls), 0)::bigint, extract(epoch FROM clock_timestamp())::float8 FROM pg_stat_statements s
                JOIN pg_roles r ON r.oid = s.userid JOIN pg_database d ON d.oid = s.dbid
                WHERE r.rolname = 'console_reader' AND d.datname = current_database()"""
MOST_PER_SECOND = 5
PAGES = ["/", "/outbox", "/outbox?aggregate_type=order", "/outbox?state=published", "/parked", "/outbox?order=oldest_first"]


def cost(options):
    """The console has a role of its own, so that its statements can be told from others."""
    with Console(options.url) as console, psycopg.connect(options.database, autocommit=True) as database:
        # A browser has six connections to a server; each page here has some of its own.
        pages = [console.open(path, locale="en") for path in ("/", *PAGES)]
        for page in pages:
            page.locator("main section, main table, main .notice").first.wait_for()
        order = place_order(options.http)
        pages[1 + PAGES.index("/outbox")].locator("tbody tr", has_text=order).first.wait_for()
        (before, begin), orders = database.execute(STATEMENTS).fetchone(), 0
        while database.execute(STATEMENTS).fetchone()[1] - begin < 20:
            place_order(options.http)
            orders += 1
            # Paced by the server: orders come all the time, and each status tells of a change.
            database.execute("SELECT pg_sleep(0.2)")
        after, end = database.execute(STATEMENTS).fetchone()
        rate = (after - before) / (end - begin)
        expect(rate <= MOST_PER_SECOND, f"{len(pages)} open pages cost {rate:.1f} statements per second")
        expect(rate > 1, f"only {rate:.1f} statements per second: the pages are not live")
        print(f"{len(pages)} pages, {orders} orders: {rate:.2f} statements per second")
        for page in pages:
            page.context.close()
        # Pages that are closed are noticed; a status and a question may be under way.
        quiet = database.execute(STATEMENTS).fetchone()[0]
        deadline = time.monotonic() + SECONDS
        while True:
            database.execute("SELECT pg_sleep(5)")
            last, quiet = quiet, database.execute(STATEMENTS).fetchone()[0]
            if last == quiet:
                break
            expect(time.monotonic() < deadline, "a console without pages goes on asking")


def pictures(options):
    with Console(options.url) as console:
        for name, path in (("pipeline", "/"), ("outbox", "/outbox"), ("parked", "/parked"), ("decisions", "/decisions"), ("replays", "/replays"),
                           ("checks", "/checks"), ("drills", "/drills"), ("readmodel", "/readmodel"), ("orders", f"/orders?id={order_of(options.url)}")):
            page = console.open(path)
            page.locator("#connection", has_text="live").wait_for()
            page.locator("main section, main table, main .notice").first.wait_for()
            page.screenshot(path=f"{options.pictures}/console-{name}.png")
            page.close()


PHASES = {"live": live, "relay-gone": relay_gone, "parked": parked, "bulk": bulk, "restart": restart, "show-only": show_only, "replay": replay, "rebuild": rebuild, "shapes": shapes, "drills": drills,
          "seed": seed, "cost": cost, "pictures": pictures}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("phase", choices=PHASES)
    parser.add_argument("--http")
    parser.add_argument("--database")
    parser.add_argument("--pictures")
    parser.add_argument("--reports")
    options = parser.parse_args()
    PHASES[options.phase](options)
    print(f"{options.phase}: as it should be")


if __name__ == "__main__":
    sys.exit(main())
