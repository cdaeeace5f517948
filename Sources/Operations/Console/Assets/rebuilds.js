// The read model, built anew from the event store beside the live one: begin, progress, stop, and what was wrong with the old one.

import {get, post} from "./api.js";
import {commit, workButton} from "./actions.js";
import {facts, h, notice, replace} from "./dom.js";
import {count, duration, time} from "./format.js";

const usualRate = 5000;
const states = {asked: "○ asked for", filling: "◐ reading all orders", catching_up: "◐ catching up", stopping: "❚❚ stopping", switched: "● switched", stopped: "❚❚ stopped"};

export function rebuilds(root, {live, config}) {
    const list = h("div", {}, h("p", {class: "soft"}, "Loading …"));
    const rate = h("input", {id: "rebuild-rate", type: "number", min: 1, max: 1000000, value: usualRate, required: true, size: 8});
    const begin = () => commit({
        title: "Rebuild projection", button: "Yes, rebuild", preview: () => post("rebuilds/preview", {}), done: () => load(),
        act: async (reason) => {
            const begun = await post("rebuilds", {orders_per_second: Number(rate.value), reason});
            return {summary: `rebuild ${begun.rebuild_id} is asked for; a projector begins within seconds`};
        }});
    root.append(h("p", {class: "soft"}, "A projector builds the read model anew from the events, beside the live one, which goes on and is then replaced in one transaction. Reads never see a half-built one."),
        config.actions ? h("form", {class: "filters", "aria-label": "Rebuild", onsubmit: (event) => {
            event.preventDefault();
            begin();
        }}, h("label", {}, "Orders per second", rate), h("button", {type: "submit", class: "primary"}, "Rebuild projection")) : null, list);
    const loading = new AbortController();
    let rows = [];

    async function load() {
        try {
            rows = (await get("rebuilds", {}, loading.signal)).rebuilds;
            replace(list, rows.length === 0 ? notice("", "The read model was never rebuilt.") : rows.map((row) => card(row, config, load)));
        } catch (error) {
            if (error.name !== "AbortError") replace(list, notice(error.status === 409 ? "" : "bad", error.message));
        }
    }
    const stop = live.subscribe(() => {
        if (rows.some((row) => !row.ended_at) && !document.querySelector("dialog[open]")) load();
    });
    load();
    return () => {
        stop();
        loading.abort();
    };
}

function card(row, config, load) {
    const share = row.state === "switched" ? 1 : row.total_orders > 0 ? Math.min(0.99, row.orders / row.total_orders) : 0;
    const found = row.differences;
    const wrong = [["missing", found.missing], ["behind", found.behind], ["ahead", found.ahead], ["different", found.different], ["of no order", found.unknown], ["unreadable", found.unreadable]]
        .filter(([, number]) => number > 0).map(([word, number]) => `${count(number)} ${word}`);
    return h("section", {class: "card", "aria-label": `Rebuild ${row.rebuild_id}`}, h("h3", {}, `Rebuild ${row.rebuild_id}: ${states[row.state] ?? row.state}`),
        !row.ended_at && h("p", {}, h("progress", {value: share, max: 1, "aria-label": "Progress"}), ` ${Math.floor(share * 100)} %`,
            row.seconds_left !== undefined && `, ${duration(row.seconds_left)} left`, !row.is_running && ", no projector is at work"),
        row.trouble && notice("bad", row.trouble),
        facts([["Orders read", row.total_orders === undefined ? count(row.orders) : `${count(row.orders)} of about ${count(row.total_orders)}`], ["Read again", count(row.caught_up)],
            ["Rows", count(row.rows)], ["Wrong in the old one", wrong.length > 0 ? wrong.join(", ") : row.ended_at && "nothing"], ["Examples", found.examples.length > 0 && found.examples.join(", ")],
            ["Asked", [time(row.asked_at), ` by ${row.caller ?? row.asked_by}: ${row.reason}`]], ["Ended", row.ended_at && time(row.ended_at)], ["Projector", row.worker]]),
        config.actions && !row.ended_at && h("div", {class: "actions"}, workButton("stop_rebuild", {rebuild_id: row.rebuild_id}, "Stop", `rebuild ${row.rebuild_id}`, load)));
}
