// Who did what, when and why: the append-only record of decisions, newest first.

import {get} from "./api.js";
import {difference} from "./actions.js";
import {h, notice, replace, table} from "./dom.js";
import {count, time} from "./format.js";
import {decisionPill} from "./pills.js";

const pageRows = 50;
/// Longer details are cut: a browser is slow with millions of characters.
const shownCharacters = 100_000;

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
        {title: "Why", cell: (row) => [row.reason, row.details ? details(row.details) : row.details_left_out && longDetails(row.decision_id)]},
    ], rows);
}

function details(text) {
    return h("details", {}, h("summary", {}, "details"), detailed(text));
}

/// Details that a page of several decisions leaves out: asked for when they are opened.
function longDetails(id) {
    const place = h("div", {}, h("p", {class: "soft"}, "Loading …"));
    let isAskedFor = false;
    return h("details", {ontoggle: async () => {
        if (isAskedFor) return;
        isAskedFor = true;
        try {
            const [decision] = (await get("decisions", {after: BigInt(id) + 1n, limit: 1})).decisions;
            replace(place, decision?.details ? detailed(decision.details) : notice("wait", "These details are too long to be shown."));
        } catch (error) {
            isAskedFor = false;
            replace(place, notice("bad", error.message));
        }
    }}, h("summary", {}, "details"), place);
}

/// An edit keeps both payloads in base64; other details are shown as they are.
function detailed(text) {
    try {
        const {before, after} = JSON.parse(text);
        if (before && after) return difference(cut(decoded(before.payload)), cut(decoded(after.payload)));
    } catch { /* shown as it is */ }
    return h("pre", {}, cut(text));
}

function cut(text) {
    return text.length <= shownCharacters ? text : `${text.slice(0, shownCharacters)} … and ${count(text.length - shownCharacters)} characters more`;
}

function decoded(base64) {
    return new TextDecoder().decode(Uint8Array.from(atob(base64 ?? ""), (character) => character.codePointAt(0)));
}
