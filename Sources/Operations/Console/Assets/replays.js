// Published rows are published again: which rows, what that would do, how far it is.

import {get, refresh} from "./api.js";
import {confirm, workButton} from "./actions.js";
import {h, notice, replace, table} from "./dom.js";
import {count, time} from "./format.js";

const usualRate = 1000;

export function replays(root, {live, config}) {
    const list = h("div", {}, h("p", {class: "soft"}, "Loading …"));
    root.append(h("p", {class: "soft"}, "A replay copies published rows into the outbox, in their order, with the header outbox_replay; the relay publishes the copies between the live rows."),
        config.actions ? replayForm(() => load()) : notice("", "This console only shows: CONSOLE_ACTIONS=true allows replays."), list);
    const loading = new AbortController();
    let rows = [];
    let isOld = false;

    async function load(isByItself = false) {
        try {
            const answer = isByItself ? await refresh("replays", {}, loading.signal) : {body: await get("replays", {}, loading.signal)};
            isOld = answer.isOld ?? false;
            rows = answer.body.replays;
            replace(list, rows.length === 0 ? notice("", "Nothing was replayed.") : replayTable(rows, config, () => load()));
        } catch (error) {
            if (error.name !== "AbortError") replace(list, notice("bad", error.message));
        }
    }

    const stop = live.subscribe(() => {
        const isMoving = rows.some((row) => !row.ended_at);
        if ((isMoving || isOld) && !document.querySelector("dialog[open]")) load(true);
    });
    load();
    return () => {
        stop();
        loading.abort();
    };
}

function replayForm(done) {
    const field = (name, title, attributes = {}) => h("label", {}, title, h("input", {id: `replay-${name}`, name, size: 16, autocomplete: "off", ...attributes}));
    const number = {inputmode: "numeric", pattern: "[0-9]+", size: 10, title: "a whole number"};
    const problem = h("div", {"aria-live": "polite"});

    function begin(event) {
        event.preventDefault();
        const given = Object.fromEntries([...new FormData(event.target)].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value !== ""));
        const {rate = String(usualRate), ...rows} = given;
        replace(problem);
        if (Object.keys(rows).length === 0) return replace(problem, notice("bad", "Say which rows: ids, times, a type or a key."));
        for (const name of ["from_id", "to_id"]) if (rows[name] !== undefined) rows[name] = Number(rows[name]);
        confirm({action: "replay", rows, rows_per_second: Number(rate)}, "Replay", done);
    }
    return h("form", {class: "filters", onsubmit: begin, "aria-label": "Replay"},
        field("from_id", "Id from", number), field("to_id", "to", number),
        field("since", "Written since", {placeholder: "2026-01-31 12:00"}), field("until", "before"),
        field("aggregate_type", "Aggregate type"), field("aggregate_id", "Aggregate id", {size: 26}),
        field("rate", "Rows per second", {type: "number", min: 1, max: 100000, value: usualRate, required: true, size: 8}),
        h("button", {type: "submit", class: "primary"}, "Show what it would do"), problem);
}

function replayTable(rows, config, done) {
    return table("Replays", [
        {title: "No.", number: true, cell: (row) => count(row.replay_id)},
        {title: "Rows", cell: (row) => [`${count(row.from_id)} to ${count(row.to_id)}`, (row.aggregate_type || row.aggregate_id) && h("div", {class: "mono"}, `${row.aggregate_type ?? "*"}/${row.aggregate_id ?? "*"}`)]},
        {title: "State", cell: (row) => state(row)},
        {title: "Copied", number: true, cell: (row) => count(row.copied)},
        {title: "Progress", cell: (row) => progress(row)},
        {title: "Asked", cell: (row) => [time(row.asked_at), row.caller && ` by ${row.caller}`]},
        {title: "Why", cell: (row) => row.reason},
        {title: "", cell: (row) => config.actions && !row.ended_at && buttons(row, done)},
    ], rows);
}

function state(row) {
    const [kind, text] = row.ended_at ? (row.stop_asked_at ? ["wait", "❚❚ stopped"] : ["good", "● done"]) : row.is_running ? (row.stop_asked_at ? ["wait", "❚❚ stopping"] : ["info", "◐ running"]) : ["bad", "✕ interrupted"];
    return h("span", {class: `pill ${kind}`}, text);
}

function progress(row) {
    const share = row.ended_at && !row.stop_asked_at ? 1 : (row.done_through - row.from_id + 1) / (row.to_id - row.from_id + 1);
    return [h("progress", {value: share, max: 1, "aria-label": `Replay ${row.replay_id}`}), ` ${Math.floor(share * 100)} %`];
}

/// An interrupted one goes on, or is over.
function buttons(row, done) {
    const name = `replay ${row.replay_id}`;
    return h("div", {class: "actions tight"}, !row.is_running && !row.stop_asked_at && workButton("continue_replay", {replay_id: row.replay_id}, "Continue", name, done),
        (!row.stop_asked_at || !row.is_running) && workButton("stop_replay", {replay_id: row.replay_id}, "Stop", name, done));
}
