// Keys that are set aside, oldest first, the rows that each holds, and what a release would do.

import {get, refresh} from "./api.js";
import {releaseButton} from "./actions.js";
import {bulkButtons, bulkList} from "./bulks.js";
import {h, notice, replace, table} from "./dom.js";
import {count, time} from "./format.js";
import {rowTable} from "./outbox.js";
import {openRow} from "./row.js";

const pageKeys = 50;

export function parked(root, context) {
    const {parameters, live, config, remember} = context;
    const filters = {...parameters};
    const list = h("div");
    const bulk = h("div");
    const begun = h("div");
    const held = h("div");
    root.append(filterForm(filters, () => load()), bulk, list, held, begun);
    const bulks = bulkList(begun, context);
    let keys = [];
    let loading = new AbortController();

    let isOld = false;
    let isLoading = true;
    // The numbers that were last told, and those that were known when the shown keys were asked for.
    let told;
    let shown;

    async function load(after, isByItself = false) {
        loading.abort();
        loading = new AbortController();
        const [mine, asOf] = [loading, told];
        isLoading = true;
        remember(filters);
        try {
            const asked = {...filters, after, limit: pageKeys};
            const answer = isByItself ? await refresh("parked", asked, loading.signal) : {body: await get("parked", asked, loading.signal)};
            const page = answer.body;
            isOld = answer.isOld ?? false;
            shown = asOf;
            keys = after === undefined ? page.keys : [...keys, ...page.keys];
            replace(list, keys.length === 0 ? notice("", "No key is parked", page.next ? ` that matches, among ${count(page.scanned)} that were looked at.` : Object.keys(filters).length > 0 ? " that matches." : ": every row is on its way.") : keyTable(keys, show),
                page.next && h("div", {class: "actions"}, h("button", {type: "button", onclick: () => load(page.next)}, "Further keys")));
            replace(bulk, config.actions && (keys.length > 0 || page.next) && bulkButtons(filters, Object.keys(filters).length > 0 ? "all keys that match" : "all keys", () => {
                load();
                bulks.load();
            }));
        } catch (error) {
            if (error.name !== "AbortError") replace(list, notice("bad", error.message));
        }
        if (loading === mine) isLoading = false;
    }

    async function show(key) {
        const conditions = {aggregate_type: key.aggregate_type, aggregate_id: key.aggregate_id};
        try {
            const [waiting, dropped] = await Promise.all(["held", "skipped"].map((state) => get("events", {...conditions, state, order: "oldest_first", limit: 100})));
            const rows = [...waiting.events, ...dropped.events].sort((one, other) => one.outbox_id - other.outbox_id);
            replace(held, h("section", {class: "card", "aria-label": "Held rows"}, h("h3", {}, `Rows that ${key.aggregate_type}/${key.aggregate_id} holds, in the order in which they will be published`),
                rowTable(rows, (row) => openRow(row.outbox_id, context, () => {
                    show(key);
                    load();
                })),
                waiting.next && h("p", {class: "soft"}, "and further rows"),
                config.actions && h("div", {class: "actions"}, releaseButton(conditions, "Release this key", () => {
                    replace(held);
                    load();
                }))));
            held.scrollIntoView({block: "nearest"});
        } catch (error) {
            replace(held, notice("bad", error.message));
        }
    }

    const stop = live.subscribe(({status}) => {
        told = `${status.parked.keys}/${status.parked.held_rows}/${status.parked.releasing}`;
        if ((isOld || told !== shown) && !isLoading && keys.length <= pageKeys && !document.querySelector("dialog[open]")) load(undefined, true);
    });
    load();
    return () => {
        stop();
        bulks.stop();
        loading.abort();
    };
}

function keyTable(keys, open) {
    return table("Parked keys", [
        {title: "Key", cell: (key) => h("span", {class: "mono"}, `${key.aggregate_type}/${key.aggregate_id}`)},
        {title: "Reason", cell: (key) => key.error},
        {title: "Held rows", number: true, cell: (key) => `${count(key.held_rows)}${key.held_rows_is_more ? "+" : ""}`},
        {title: "First row", number: true, cell: (key) => count(key.outbox_id)},
        {title: "Parked", cell: (key) => time(key.parked_at)},
        {title: "Next", cell: (key) => (key.release_asked_at ? ["release asked for ", time(key.release_asked_at)] : key.retry_at ? ["the relay tries again ", time(key.retry_at)] : "waits for an operator")},
    ], keys, open, (key) => `key-${key.outbox_id}`);
}

function filterForm(filters, changed) {
    const field = (name, title) => h("label", {}, title, h("input", {id: `filter-${name}`, name, value: filters[name] ?? "", size: 18, onchange: (event) => {
        const value = event.target.value.trim();
        if (value) filters[name] = value;
        else delete filters[name];
        changed();
    }}));
    return h("form", {class: "filters", onsubmit: (event) => event.preventDefault(), "aria-label": "Filters"},
        field("aggregate_type", "Aggregate type"), field("aggregate_id", "Aggregate id"), field("error_contains", "Reason contains"),
        field("event_type", "Event type"), field("topic", "Topic"), field("parked_since", "Parked since"), field("parked_before", "before"));
}
