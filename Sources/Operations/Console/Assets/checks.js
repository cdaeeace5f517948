// What proves that the pipeline keeps its promises: the last audit of outboxctl verify, as far as it is there.

import {get, parse} from "./api.js";
import {facts, h, notice, replace, table} from "./dom.js";
import {bytes, count, duration, rate, time} from "./format.js";

const command = "outboxctl verify --json";

export function checks(root) {
    const view = h("div", {}, h("p", {class: "soft"}, "Loading …"));
    root.append(view);
    const loading = new AbortController();
    get("reports", {}, loading.signal)
        .then((answer) => replace(view, sections(answer)))
        .catch((error) => { if (error.name !== "AbortError") replace(view, notice("bad", error.message)); });
    return () => loading.abort();
}

function sections({folder, reports}) {
    return [h("section", {class: "card", "aria-label": "Audit"}, h("h3", {}, "Audit"),
        h("p", {class: "soft"}, "The audit compares event store, outbox, Kafka and read model, and lists what is missing, out of order or different."),
        reports.length === 0 ? notice("", folder ? ["There is none yet: ", h("code", {}, `${command} > ${folder}/audit.json`)] : "No folder is configured: CONSOLE_REPORTS names it.") : reports.map(content)),
    h("section", {class: "card", "aria-label": "Here"}, h("h3", {}, "What can be checked here"), h("ul", {},
        h("li", {}, h("a", {href: "#/drills"}, "Drills"), ": what became of every order when a part of a system was broken on purpose."),
        h("li", {}, h("a", {href: "#/orders"}, "Orders"), ": an order folded from its events beside its row in the read model, with the differences."),
        h("li", {}, h("a", {href: "#/outbox"}, "Outbox"), ": the life of a row, with the place of its record in Kafka."),
        h("li", {}, h("a", {href: "#/decisions"}, "Decisions"), ": every row that was given up, changed or repeated on purpose.")))];
}

function content(report) {
    const written = h("p", {class: "soft"}, report.name, " written ", time(report.written_at));
    if (report.note) return [written, notice("wait", report.note)];
    if (!report.name.endsWith(".json")) return [written, h("pre", {}, report.text)];
    try {
        const audit = parse(report.text);
        if (audit.checked && audit.differences) return [verdict(audit), written];
    } catch { /* shown as it is */ }
    return [written, notice("wait", "It is not what the audit writes."), h("pre", {}, report.text)];
}

function verdict(audit) {
    const kinds = Object.entries(audit.differences);
    const total = kinds.reduce((sum, [, amount]) => sum + amount, 0);
    const checked = audit.checked;
    const known = Object.entries(audit.known ?? {}).filter(([, amount]) => amount > 0).map(([name, amount]) => `${count(amount)} ${name.replaceAll("_", " ")}`);
    return [notice(total === 0 ? "good" : "bad", h("strong", {}, total === 0 ? "✓ No difference" : `✕ ${count(total)} ${total === 1 ? "difference" : "differences"}`)),
        facts([["As of", time(audit.taken_at)], ["Compared", `${count(checked.events)} events, ${count(checked.rows)} rows, ${count(checked.records)} records in ${count(checked.topics)} topics, ${count(checked.projections)} rows of the read model`],
            ["Took", `${duration(audit.seconds)}, ${rate(Math.max(checked.records, checked.rows) / Math.max(audit.seconds, 0.001))}, ${bytes(audit.peak_bytes)} of memory`],
            ["Known", known.length > 0 && known.join(", ")], ["Not judged", audit.unjudged?.length > 0 && audit.unjudged.map((item) => `${count(item.count)} ${item.text}`).join("; ")]]),
        kinds.length > 0 && table("Differences", [
            {title: "Kind", cell: (item) => item.kind.replaceAll("_", " ")}, {title: "Key", cell: (item) => h("span", {class: "mono"}, item.key ?? item.event_id ?? "")},
            {title: "Row", number: true, cell: (item) => item.outbox_id !== undefined && h("a", {href: `#/outbox?row=${item.outbox_id}`}, count(item.outbox_id))},
            {title: "Record", cell: (item) => item.record ?? ""}, {title: "What", cell: (item) => item.text},
        ], audit.examples ?? [])];
}
