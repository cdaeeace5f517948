// What proves that the pipeline keeps its promises: the last audit and the last scoreboard of the drills, as far as they are there.

import {get} from "./api.js";
import {h, notice, replace} from "./dom.js";
import {time} from "./format.js";

const expected = [
    ["audit", "Audit", "outboxctl verify --json", "compares event store, outbox, Kafka and read model, and lists what is missing, out of order or different."],
    ["scoreboard", "Drills", "outboxctl drill run all --json", "break a part of a running stack on purpose, heal it, and judge what happened by the same audit."],
];

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
    return [expected.map(([prefix, title, command, what]) => {
        const found = reports.filter((report) => report.name.startsWith(prefix));
        return h("section", {class: "card", "aria-label": title}, h("h3", {}, title), h("p", {class: "soft"}, `${title === "Audit" ? "The audit" : "Drills"} ${what}`),
            found.length === 0 ? notice("", folder ? ["There is none yet: ", h("code", {}, `${command} > ${folder}/${prefix}.json`)] : "No folder is configured: CONSOLE_REPORTS names it.") : found.map(content));
    }),
    h("section", {class: "card", "aria-label": "Here"}, h("h3", {}, "What can be checked here"), h("ul", {},
        h("li", {}, h("a", {href: "#/orders"}, "Orders"), ": an order folded from its events beside its row in the read model, with the differences."),
        h("li", {}, h("a", {href: "#/outbox"}, "Outbox"), ": the life of a row, with the place of its record in Kafka."),
        h("li", {}, h("a", {href: "#/decisions"}, "Decisions"), ": every row that was given up, changed or repeated on purpose."))),
    ];
}

function content(report) {
    return [h("p", {}, h("strong", {}, report.name), " written ", time(report.written_at)),
        report.note ? notice("wait", report.note) : h("pre", {}, report.name.endsWith(".json") ? pretty(report.text) : report.text)];
}

function pretty(text) {
    try {
        return JSON.stringify(JSON.parse(text), null, 2);
    } catch {
        return text;
    }
}
