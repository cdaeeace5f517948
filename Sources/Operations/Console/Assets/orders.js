// One order: its events with the state after each, the read model beside the fold, its messages.

import {get, refresh} from "./api.js";
import {facts, h, notice, replace} from "./dom.js";
import {count, time} from "./format.js";
import {rowTable} from "./outbox.js";
import {payload, openRow} from "./row.js";

export function orders(root, context) {
    const {parameters, live, remember} = context;
    const view = h("div");
    const input = h("input", {id: "order-id", name: "id", value: parameters.id ?? "", size: 40, required: true, autocomplete: "off", spellcheck: "false"});
    root.append(h("form", {class: "filters", onsubmit: (event) => {
        event.preventDefault();
        load(input.value.trim());
    }}, h("label", {}, "Order id", input), h("button", {type: "submit", class: "primary"}, "Find")), view);
    let shown = null;

    async function load(id, version) {
        remember({id, version});
        try {
            const order = await get(`orders/${encodeURIComponent(id)}`, {version});
            shown = {id, version, text: JSON.stringify(order), isMoving: isMoving(order)};
            replace(view, orderView(order, context, (wanted) => load(id, wanted)));
        } catch (error) {
            shown = null;
            replace(view, notice(error.status === 404 ? "wait" : "bad", error.message));
        }
    }

    /// An order that is shown follows its events, and the rows and the read model behind them.
    let newest;
    const stop = live.subscribe(async ({status}) => {
        const latest = `${status.backlog?.newest_id}/${status.relay.cut}`;
        const isDue = shown?.isMoving || latest !== newest;
        newest = latest;
        if (!isDue || !shown || shown.version || document.querySelector("dialog[open]")) return;
        const {id} = shown;
        const answer = await refresh(`orders/${encodeURIComponent(id)}`).catch(() => null);
        if (!answer || shown?.id !== id || shown.version) return;
        const order = answer.body;
        const text = JSON.stringify(order);
        const isNew = text !== shown.text;
        shown = {id, text, isMoving: answer.isOld || isMoving(order)};
        if (isNew) replace(view, orderView(order, context, (wanted) => load(id, wanted)));
    });
    if (parameters.id) load(parameters.id, parameters.version);
    return stop;
}

/// Whether the read model or Kafka has yet to get something of it.
const isMoving = (order) => order.behind > 0 || !order.projection || order.messages.some((row) => row.state === "unpublished" || row.state === "publishing");

function orderView(order, context, choose) {
    const earlier = order.version !== order.newest_version;
    // Two versions of an order may differ; two pictures of one version must not.
    const isSameVersion = order.projection?.version === order.version;
    return [
        earlier && notice("wait", `The order as of version ${order.version}; the newest is ${order.newest_version}. `,
            h("button", {type: "button", onclick: () => choose()}, "Show the newest")),
        order.notes.map((note) => notice("wait", note)),
        h("div", {class: "grid"},
            h("section", {class: "card"}, h("h3", {}, "Events"), h("ol", {class: "timeline"}, order.events.map((event) => eventLine(event, order, choose)))),
            h("section", {class: "card"}, h("h3", {}, `By the events, version ${order.version}`), stateFacts(order.state, isSameVersion && order.projection.state)),
            h("section", {class: "card"}, h("h3", {}, order.projection ? `Read model, version ${order.projection.version}` : "Read model"),
                order.projection ? [order.behind > 0 && notice("wait", `${count(order.behind)} events behind`), stateFacts(order.projection.state, isSameVersion && order.state),
                    h("p", {class: "soft"}, "updated ", time(order.projection.updated_at))] : h("p", {class: "soft"}, "no row"),
                order.differences.length > 0 ? order.differences.map((difference) => notice("bad", difference)) : order.projection && h("p", {}, "✓ equal to the events up to its version"))),
        h("h3", {}, "Messages"), order.messages.length > 0 ? rowTable(order.messages, (row) => openRow(row.outbox_id, context, () => {}))
            : h("p", {class: "soft"}, "no row of the outbox is left"),
    ];
}

function eventLine(event, order, choose) {
    return h("li", {}, h("span", {class: "sign"}, "●"), h("details", {},
        h("summary", {}, h("strong", {}, `${event.sequence_number} ${event.event_type}`), " ", time(event.recorded_at)),
        event.state && h("p", {class: "soft"}, `payment ${event.state.payment_status}, shipping ${event.state.shipping_status}`),
        payload(event.payload), event.sequence_number + 1 !== order.version
            && h("button", {type: "button", onclick: () => choose(event.sequence_number + 1)}, "The order at this version")));
}

/// Values that the other side has otherwise are marked, and said in words for those who see no mark.
function stateFacts(state, other) {
    if (!state) return h("p", {class: "soft"}, "not known");
    return facts(Object.entries(state).map(([name, value]) => {
        const differs = other && JSON.stringify(other[name]) !== JSON.stringify(value);
        return [name, differs ? h("mark", {}, `${value} (differs)`) : String(value)];
    }));
}

