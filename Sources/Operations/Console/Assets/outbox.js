// The rows of the outbox: filters in the address, pages by id, one row in a drawer.

import {get, refresh} from "./api.js";
import {h, notice, replace, table} from "./dom.js";
import {count, time} from "./format.js";
import {pill} from "./pills.js";
import {openRow} from "./row.js";

const rowStates = ["", "uncommitted", "unpublished", "publishing", "published", "held", "skipped", "left_out"];
const stateWords = {"": "any", uncommitted: "not committed", left_out: "left out"};
const pageRows = 50;

export function outbox(root, context) {
    const {parameters, live, remember} = context;
    const filters = {...parameters};
    const list = h("div");
    const more = h("div", {class: "actions"});
    const form = filterForm(filters, () => load());
    root.append(form, list, more);
    let loading = new AbortController();
    let rows = [];

    let isOld = false;
    let isLoading = true;
    // The state of the outbox as it was last told, and the one that was known when the shown rows were asked for.
    let told;
    let shown;

    async function load(after, isByItself = false) {
        loading.abort();
        loading = new AbortController();
        const [mine, asOf] = [loading, told];
        isLoading = true;
        const {row, ...conditions} = filters;
        remember({...conditions, row});
        if (conditions.state === "uncommitted") {
            rows = [];
            isLoading = false;
            return showUncommitted(live.latest?.status);
        }
        try {
            const asked = {...conditions, after, limit: pageRows};
            const answer = isByItself ? await refresh("events", asked, loading.signal) : {body: await get("events", asked, loading.signal)};
            const page = answer.body;
            isOld = answer.isOld ?? false;
            shown = asOf;
            rows = after === undefined ? page.events : [...rows, ...page.events];
            replace(list, rows.length === 0 ? notice("", "No row matches", page.next ? " among the rows that were looked at." : ".") : rowTable(rows, open));
            replace(more, page.next !== undefined && page.next !== null
                && h("button", {type: "button", onclick: () => load(page.next)}, `Further rows, from ${count(page.next)} on`));
        } catch (error) {
            if (error.name !== "AbortError") replace(list, notice("bad", error.message));
        }
        if (loading === mine) isLoading = false;
    }

    /// Rows of these transactions can be seen by nobody; the status names who has them.
    function showUncommitted(status) {
        const writers = (status?.blockers ?? []).filter((blocker) => blocker.kind === "uncommitted" || blocker.kind === "prepared");
        replace(more);
        replace(list, h("p", {class: "soft"}, "Rows of a transaction that is not committed can be seen by nobody. Transactions that have written some and are open for a second:"),
            writers.length === 0 ? notice("", "None.") : table("Open transactions", [
                {title: "Pid", number: true, cell: (writer) => writer.session?.pid ?? "–"}, {title: "Since", cell: (writer) => time(writer.since)},
                {title: "User", cell: (writer) => writer.session?.user ?? "–"}, {title: "Application", cell: (writer) => writer.session?.application ?? "–"},
                {title: "State", cell: (writer) => writer.session?.state ?? "prepared"}, {title: "What", cell: (writer) => (writer.session?.query ? h("pre", {}, writer.session.query) : writer.summary)},
            ], writers));
    }

    function open(row) {
        filters.row = row.outbox_id;
        remember(filters);
        openRow(row.outbox_id, context, () => {
            delete filters.row;
            remember(filters);
        });
    }

    // New rows appear by themselves as long as only the first page is shown.
    const stop = live.subscribe(({status}) => {
        if (filters.state === "uncommitted") return showUncommitted(status);
        told = `${status.backlog?.newest_id}/${status.relay.drained_through}/${status.relay.cut}/${status.parked.keys}`;
        if ((isOld || told !== shown) && !isLoading && rows.length <= pageRows && !document.querySelector("dialog[open]")) load(undefined, true);
    });
    load();
    if (filters.row) open({outbox_id: filters.row});
    return () => {
        stop();
        loading.abort();
    };
}

export function rowTable(rows, open) {
    return table("Rows of the outbox", [
        {title: "Id", number: true, cell: (row) => count(row.outbox_id)},
        {title: "State", cell: (row) => [pill(row.state), row.is_edited && h("span", {class: "pill info"}, "✎ edited")]},
        {title: "Key", cell: (row) => h("span", {class: "mono"}, `${row.aggregate_type}/${row.aggregate_id}`)},
        {title: "Event", cell: (row) => row.event_type ?? "–"},
        {title: "Seq.", number: true, cell: (row) => count(row.sequence_number)},
        {title: "Written", cell: (row) => time(row.created_at)},
    ], rows, open, (row) => `row-${row.outbox_id}`);
}

function filterForm(filters, changed) {
    const field = (name, title, attributes = {}) => h("label", {}, title, h("input", {
        id: `filter-${name}`, name, value: filters[name] ?? "", size: 14, ...attributes, onchange: (event) => set(name, event.target.value.trim())}));
    function set(name, value) {
        if (value) filters[name] = value;
        else delete filters[name];
        changed();
    }
    return h("form", {class: "filters", onsubmit: (event) => event.preventDefault(), "aria-label": "Filters"},
        h("label", {}, "State", h("select", {id: "filter-state", name: "state", onchange: (event) => set("state", event.target.value)},
            rowStates.map((state) => h("option", {value: state, selected: state === (filters.state ?? "")}, stateWords[state] ?? state)))),
        field("aggregate_type", "Aggregate type"), field("aggregate_id", "Aggregate id", {size: 26}), field("event_type", "Event type"),
        field("since", "Written since", {placeholder: "2026-01-31 12:00, yesterday"}), field("until", "before"),
        field("from_id", "Id from", {inputmode: "numeric", size: 8}), field("to_id", "to", {inputmode: "numeric", size: 8}),
        h("label", {}, "Order", h("select", {id: "filter-order", onchange: (event) => set("order", event.target.value)},
            h("option", {value: ""}, "newest first"), h("option", {value: "oldest_first", selected: filters.order === "oldest_first"}, "oldest first"))),
        h("button", {type: "button", onclick: () => changed()}, "Reload"));
}
