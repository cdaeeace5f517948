// Decisions about all parked keys that match a filter: release, skip, edit of headers; how far they are; stop.

import {get, post} from "./api.js";
import {commit, workButton} from "./actions.js";
import {facts, h, notice, replace} from "./dom.js";
import {count, time} from "./format.js";

const shown = 5;

/// The buttons; `more` says which keys are meant.
export function bulkButtons(filter, more, done) {
    const act = (title, button, request) => commit({
        title, button, done, isAboutKeys: true, isDanger: request.action === "skip", preview: () => post("bulks/preview", {...request, filter}),
        act: async (reason) => {
            const bulk = await post("bulks", {...request, filter, reason});
            return {summary: `bulk action ${bulk.bulk_id} has begun; it goes on when this page is closed.`};
        }});
    return h("div", {class: "actions"},
        h("button", {type: "button", class: "primary", onclick: () => act("Release", "Yes, release", {action: "release"})}, `Release ${more}`),
        h("button", {type: "button", class: "danger", onclick: () => act("Skip the rows that Kafka refused", "Yes, skip", {action: "skip", rows: "refused"})}, `Skip the refused row of ${more}`),
        h("button", {type: "button", onclick: () => headers((request) => act("Edit headers", "Yes, edit", request))}, `Edit headers of ${more}`));
}

/// Asks which header is to change, and in which rows.
function headers(next) {
    const name = h("input", {id: "header-name", required: true, maxlength: 200, size: 20});
    const value = h("input", {id: "header-value", maxlength: 1000, size: 30});
    const rows = h("select", {id: "header-rows"}, h("option", {value: "refused"}, "the row that Kafka refused"), h("option", {value: "all"}, "all held rows"));
    const dialog = h("dialog", {"aria-label": "Edit headers"},
        h("header", {}, h("h2", {}, "Edit headers"), h("button", {type: "button", onclick: () => dialog.close()}, "Close")),
        h("p", {class: "soft"}, "The outbox keeps the rows as they were written; Kafka gets them with the changed header when they are released."),
        h("form", {class: "filters", onsubmit: (event) => {
            event.preventDefault();
            dialog.close();
            const change = value.value ? {set_headers: {[name.value]: value.value}} : {remove_headers: [name.value]};
            next({action: "edit", rows: rows.value, ...change});
        }}, h("label", {}, "Header", name), h("label", {}, "New value; without one it is removed", value), h("label", {}, "In", rows), h("button", {type: "submit", class: "primary"}, "Continue")));
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
}

/// The newest bulk actions, with their progress. Returns {load, stop}.
export function bulkList(root, {live, config}) {
    const loading = new AbortController();
    let bulks = [];

    async function load() {
        try {
            bulks = (await get("bulks", {}, loading.signal)).bulks.slice(0, shown);
            replace(root, bulks.length > 0 && h("h3", {}, "Bulk actions"), bulks.map((bulk) => card(bulk, config, load)));
        } catch (error) {
            if (error.name !== "AbortError") replace(root, notice("bad", error.message));
        }
    }
    const stop = live.subscribe(() => {
        if (bulks.some((bulk) => !bulk.ended_at) && !document.querySelector("dialog[open]")) load();
    });
    load();
    return {load, stop: () => {
        stop();
        loading.abort();
    }};
}

function card(bulk, config, load) {
    const state = bulk.ended_at ? (bulk.stop_asked_at ? "❚❚ stopped" : "● done") : bulk.stop_asked_at ? "❚❚ stopping" : bulk.is_running ? "◐ at work" : "○ interrupted";
    const passed = bulk.keys + bulk.passed_over;
    return h("section", {class: "card", "aria-label": `Bulk action ${bulk.bulk_id}`}, h("h3", {}, `${bulk.action} ${bulk.bulk_id}: ${state}`),
        !bulk.ended_at && h("progress", {value: Math.min(passed, bulk.total_keys), max: Math.max(1, bulk.total_keys), "aria-label": "Progress"}),
        facts([["Keys", `${count(bulk.keys)} of ${count(bulk.total_keys)}`], ["Rows", count(bulk.rows)], ["Passed over", bulk.passed_over > 0 && count(bulk.passed_over)],
            ["Why", bulk.fault], ["Asked", [time(bulk.asked_at), ` by ${bulk.caller ?? "unknown"}: ${bulk.reason}`]], ["Ended", bulk.ended_at && time(bulk.ended_at)]]),
        config.actions && !bulk.ended_at && h("div", {class: "actions"}, !bulk.is_running && !bulk.stop_asked_at && workButton("continue_bulk", {bulk_id: bulk.bulk_id}, "Continue", `bulk action ${bulk.bulk_id}`, load),
            (!bulk.stop_asked_at || !bulk.is_running) && workButton("stop_bulk", {bulk_id: bulk.bulk_id}, "Stop", `bulk action ${bulk.bulk_id}`, load)));
}
