// Who did what, when and why: the append-only record of decisions, newest first.

import {get} from "./api.js";
import {difference} from "./actions.js";
import {h, notice, replace, table} from "./dom.js";
import {count, time} from "./format.js";
import {decisionPill} from "./pills.js";

const pageRows = 50;

export function decisions(root) {
    const list = h("div", {}, h("p", {class: "soft"}, "Loading …"));
    const more = h("div", {class: "actions"});
    root.append(list, more);
    const loading = new AbortController();
    let rows = [];

    async function load(after) {
        try {
            const page = await get("decisions", {after, limit: pageRows}, loading.signal);
            rows = [...rows, ...page.decisions];
            replace(list, rows.length === 0 ? notice("", "No decision has been taken about this outbox.") : decisionTable(rows));
            replace(more, page.decisions.length === pageRows && h("button", {type: "button", onclick: () => load(rows.at(-1).decision_id)}, "Earlier decisions"));
        } catch (error) {
            if (error.name !== "AbortError") replace(list, notice("bad", error.message));
        }
    }
    load();
    return () => loading.abort();
}

function decisionTable(rows) {
    return table("Decisions", [
        {title: "No.", number: true, cell: (row) => count(row.decision_id)},
        {title: "When", cell: (row) => time(row.decided_at)},
        {title: "What", cell: (row) => decisionPill(row)},
        {title: "About", cell: (row) => [row.aggregate_type && h("span", {class: "mono"}, `${row.aggregate_type}/${row.aggregate_id ?? "…"}`), row.outbox_id !== undefined && ` row ${count(row.outbox_id)}`, row.about && h("div", {class: "soft"}, row.about)]},
        {title: "Who", cell: (row) => (row.caller ? `${row.caller} (as ${row.decided_by})` : row.decided_by)},
        {title: "Why", cell: (row) => [row.reason, row.details && details(row.details)]},
    ], rows);
}

/// An edit keeps both payloads in base64; other details are shown as they are.
function details(text) {
    let content = h("pre", {}, text);
    try {
        const {before, after} = JSON.parse(text);
        if (before && after) content = difference(decoded(before.payload), decoded(after.payload));
    } catch { /* shown as it is */ }
    return h("details", {}, h("summary", {}, "details"), content);
}

function decoded(base64) {
    return new TextDecoder().decode(Uint8Array.from(atob(base64 ?? ""), (character) => character.codePointAt(0)));
}
