// The drawer of one row: its life from the append to the consumers, its headers and its payload.

import {get} from "./api.js";
import {heldActions} from "./actions.js";
import {facts, h, notice, replace} from "./dom.js";
import {bytes, count, duration, time} from "./format.js";
import {decisionPill, pill} from "./pills.js";

/// Opens the drawer; `closed` is called when it is closed again.
export function openRow(id, {config}, closed) {
    const content = h("div", {}, h("p", {class: "soft"}, "Loading …"));
    const drawer = h("dialog", {class: "drawer", "aria-label": `Row ${id}`},
        h("header", {}, h("h2", {}, `Row ${count(id)}`), h("button", {type: "button", onclick: () => drawer.close()}, "Close")), content);
    drawer.addEventListener("close", () => {
        drawer.remove();
        closed();
    });
    document.body.append(drawer);
    drawer.showModal();
    const show = (life) => replace(content, rowDetails(life, config, load, show));
    const load = () => get(`events/${encodeURIComponent(id)}`).then(show)
        .catch((error) => replace(content, notice("bad", error.message)));
    load();
}

function rowDetails(life, config, reload, show) {
    const event = life.event;
    async function find(button) {
        button.disabled = true;
        button.textContent = "Reading the topic …";
        try {
            show(await get(`events/${encodeURIComponent(event.outbox_id)}`, {kafka: true}));
        } catch (error) {
            button.replaceWith(notice("bad", error.message));
        }
    }
    return [
        h("p", {}, pill(event.state), " ", event.event_type ?? "", event.is_edited && [" ", h("span", {class: "pill info"}, "✎ edited")]),
        facts([
            ["Key", h("a", {href: `#/outbox?aggregate_type=${encodeURIComponent(event.aggregate_type)}&aggregate_id=${encodeURIComponent(event.aggregate_id)}`,
                onclick: (click) => click.target.closest("dialog").close()}, `${event.aggregate_type}/${event.aggregate_id}`)],
            ["Event id", event.event_id], ["Sequence number", count(event.sequence_number)], ["Transaction", event.transaction_id],
            ["Trace", life.traceparent], ["Order", event.aggregate_type === "order" && h("a", {href: `#/orders?id=${encodeURIComponent(event.aggregate_id)}`,
                onclick: (click) => click.target.closest("dialog").close()}, "events and read model")]]),
        h("h3", {}, "Life"), timeline(life),
        !life.kafka && event.state === "published" && config.kafka && h("div", {class: "actions"},
            h("button", {type: "button", onclick: (click) => find(click.target)}, "Find it in Kafka")),
        life.notes.map((note) => notice("wait", note)),
        config.actions && event.is_held && heldActions(event, reload),
        life.decisions.length > 0 && [h("h3", {}, "Decisions"), h("ul", {}, life.decisions.map((decision) =>
            h("li", {}, decisionPill(decision), " ", time(decision.decided_at), ` by ${decision.caller ?? decision.decided_by}: ${decision.reason}`)))],
        h("h3", {}, "Headers"), event.headers ? (Object.keys(event.headers).length === 0 ? h("p", {class: "soft"}, "none")
            : facts(Object.entries(event.headers))) : h("p", {class: "soft"}, "not shown"),
        h("h3", {}, "Payload"), payload(event.payload),
    ];
}

/// The steps from the insert to the consumers. What has not happened yet says why.
function timeline(life) {
    const event = life.event;
    const order = life.order;
    const place = life.kafka?.place;
    const isOut = event.state === "published";
    const isDropped = event.state === "skipped" || event.state === "left_out";
    return h("ol", {class: "timeline"}, [
        step(true, "Written", event.created_at),
        step(true, "Committed", life.committed_at, event.transaction_id && `transaction ${event.transaction_id}`,
            life.is_late && "its transaction was still running when a cut was taken; it comes in a later one"),
        step(isOut ? true : isDropped ? null : false, isOut ? "Acknowledged by Kafka" : isDropped ? "Not published" : "Waits for Kafka",
            place?.timestamp, life.waits, place && `${place.topic}, partition ${place.partition}, offset ${count(place.offset)}`,
            place?.cut !== undefined && `cut ${count(place.cut)} of epoch ${count(place.epoch)}`, life.kafka && !place && life.kafka.summary,
            life.published_after_milliseconds !== undefined && `${duration(life.published_after_milliseconds / 1000)} after it was written`),
        order && step(order.is_projected, order.is_projected ? "In the read model" : "Not in the read model yet", order.applied_at, order.is_projected && !order.applied_at && "when is not kept: a later event is in the row, or track_commit_timestamp is off"),
        order?.payment_initiated_at && step(true, "Payments asked the gateway", order.payment_initiated_at),
        order?.payment_settled_at && step(true, "The gateway answered", order.payment_settled_at)]);
}

function step(isDone, name, at, ...details) {
    return h("li", {}, h("span", {class: "sign"}, isDone === null ? "⊘" : isDone ? "●" : "○"),
        h("span", {}, h("strong", {}, name), at && [" ", time(at)], details.filter(Boolean).map((text) => h("div", {class: "soft"}, text))));
}

export function payload(value) {
    const names = {protobuf: "protobuf, shown as JSON", json: "JSON", text: "text", hex: "bytes in hexadecimal", hidden: "hidden by configuration", null: "NULL: a tombstone", unreadable: "unreadable"};
    const text = (value.form === "json" || value.form === "protobuf") ? pretty(value.text) : value.text;
    return [h("p", {class: "soft"}, names[value.form] ?? value.form, value.bytes !== undefined && `, ${bytes(value.bytes)}`, value.is_cut && ", the beginning"),
        text !== undefined && text !== null && h("pre", {}, text)];
}

/// Indents JSON without changing a number.
function pretty(text) {
    try {
        return JSON.stringify(JSON.parse(text, (key, value, context) =>
            typeof value === "number" && context?.source && JSON.rawJSON ? JSON.rawJSON(context.source) : value), null, 2);
    } catch {
        return text;
    }
}
