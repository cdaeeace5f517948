// What an operator can do. Each action shows first what it would do, asks for a reason, and ends with a receipt.
// The server acts: closing the page does not stop an action that has begun.

import {post} from "./api.js";
import {h, notice, replace} from "./dom.js";
import {count} from "./format.js";
import {rowTable} from "./outbox.js";

const reasonCharacters = 500;
/// Actions that do nothing where no key is concerned.
const aboutKeys = ["release", "skip", "edit", "replay"];

export function pauseActions(relay) {
    const action = relay.pause ? "resume" : "pause";
    const text = relay.pause ? "Let the relay publish again" : "Pause the relay: it keeps leading and publishes nothing";
    return h("div", {class: "actions"}, h("button", {
        type: "button", class: relay.pause && "primary", onclick: () => confirm({action}, text)}, relay.pause ? "Resume publishing" : "Pause publishing"));
}

/// Release of one key; bulks.js has that of many.
export function releaseButton(key, title, done) {
    return h("button", {type: "button", class: "primary", onclick: () => confirm({action: "release", key}, "Release", done)}, title);
}

/// Skip and edit of one held row.
export function heldActions(event, done) {
    const key = {aggregate_type: event.aggregate_type, aggregate_id: event.aggregate_id};
    return h("div", {class: "actions"},
        h("button", {type: "button", onclick: () => confirm({action: "release", key}, `Release ${key.aggregate_type}/${key.aggregate_id}`, done)}, "Release key"),
        event.state === "held" && h("button", {type: "button", class: "danger",
            onclick: () => confirm({action: "skip", outbox_id: event.outbox_id}, `Skip row ${event.outbox_id}: Kafka never gets it`, done)}, "Skip row"),
        event.state === "held" && (isText(event.payload) || event.headers) && h("button", {type: "button", onclick: () => edit(event, done)}, "Edit row"));
}

/// Stop or continue work that goes on by itself: workButton("stop_bulk", {bulk_id: 3}, "Stop", "bulk action 3", done).
export function workButton(action, which, word, name, done) {
    return h("button", {type: "button", class: word === "Stop" && "danger", "aria-label": `${word} ${name}`, onclick: () => confirm({action, ...which}, `${word} ${name}`, done)}, word);
}

/// An action of POST /actions.
export function confirm(request, title, done) {
    const {before, ...asked} = request;
    commit({
        title, done, button: `Yes, ${request.action.replace("_", " ")}`, isDanger: request.action === "skip" || request.action.startsWith("stop"), isAboutKeys: aboutKeys.includes(request.action),
        preview: () => post("actions/preview", asked), act: (reason) => post("actions", {...asked, reason}),
        shown: request.after && [request.after.payload !== undefined && difference(before.payload, request.after.payload),
            request.after.headers && difference(headerLines(before.headers), headerLines(request.after.headers))]});
}

/// Preview → reason → receipt, in one dialog. preview() and act(reason) ask the server.
export function commit(action) {
    const body = h("div", {}, h("p", {class: "soft"}, "Looking what this would do …"));
    const dialog = h("dialog", {"aria-label": action.title}, h("header", {}, h("h2", {}, action.title), h("button", {type: "button", onclick: () => dialog.close()}, "Close")), body);
    dialog.addEventListener("close", () => {
        dialog.remove();
        action.done?.();
    });
    document.body.append(dialog);
    dialog.showModal();
    action.preview()
        .then((preview) => replace(body, ask(action, preview, dialog, body)))
        .catch((error) => replace(body, notice("bad", error.message)));
}

function ask(action, preview, dialog, body) {
    const reason = h("input", {id: "reason", name: "reason", required: true, maxlength: reasonCharacters, size: 50, autocomplete: "off"});
    const button = h("button", {type: "submit", class: action.isDanger ? "primary danger" : "primary", disabled: preview.keys === 0 && action.isAboutKeys}, action.button);
    async function act(event) {
        event.preventDefault();
        button.disabled = true;
        try {
            replace(body, receipt(await action.act(reason.value.trim())));
        } catch (error) {
            button.disabled = false;
            body.append(notice("bad", error.message));
        }
    }
    return [
        h("p", {}, preview.summary, "."),
        preview.events?.length > 0 && rowTable(preview.events),
        preview.rows > (preview.events?.length ?? 0) && preview.events?.length > 0 && h("p", {class: "soft"}, `The first ${count(preview.events.length)} of ${count(preview.rows)}${preview.is_more ? " or more" : ""} rows.`),
        preview.dropped?.length > 0 && notice("wait", `Dropped and never published: ${preview.dropped.map(count).join(", ")}`),
        action.shown,
        h("form", {onsubmit: act}, h("label", {}, "Reason, kept with the decision", reason),
            h("div", {class: "actions"}, button, h("button", {type: "button", onclick: () => dialog.close()}, "No, leave it"))),
    ];
}

function receipt(result) {
    return [notice("", h("strong", {}, "Done. "), result.summary), result.first_decision !== undefined
        && h("p", {}, h("a", {href: "#/decisions", onclick: (event) => event.target.closest("dialog").close()}, result.first_decision === result.last_decision ? `Decision ${count(result.first_decision)}` : `Decisions ${count(result.first_decision)} to ${count(result.last_decision)}`))];
}

const isText = (payload) => ["text", "json"].includes(payload.form) && !payload.is_cut;
const headerLines = (headers) => Object.entries(headers).map(([name, value]) => `${name}: ${value}`).join("\n");

/// Lines `name: value` as an object; throws for a line that is none, and for a name that comes twice.
function headersOf(text) {
    const headers = {};
    for (const line of text.split("\n").filter((one) => one.trim() !== "")) {
        const colon = line.indexOf(":");
        const name = line.slice(0, colon).trim();
        if (colon < 0 || name === "") throw new Error(`"${line}" is not name: value`);
        if (Object.hasOwn(headers, name)) throw new Error(`the header ${name} is there twice`);
        headers[name] = line.slice(colon + 1).trim();
    }
    return headers;
}

/// Payload and headers, as far as they can be changed as text, each with its difference.
function edit(event, done) {
    const old = {payload: event.payload.text ?? "", headers: event.headers ?? {}};
    const canPayload = isText(event.payload);
    // A value with a line feed cannot be a line.
    const canHeaders = event.headers && !Object.entries(event.headers).flat().some((text) => /[\r\n]/.test(text));
    const payload = h("textarea", {id: "payload", "aria-label": "Payload", value: old.payload});
    const headers = h("textarea", {id: "headers", class: "short", "aria-label": "Headers", value: headerLines(old.headers)});
    const shown = h("div");
    const next = h("button", {type: "submit", class: "primary"}, "Continue");
    function change() {
        const after = {};
        if (canPayload && payload.value !== old.payload) after.payload = payload.value;
        if (canHeaders && headers.value !== headerLines(old.headers)) after.headers = headersOf(headers.value);
        return after;
    }
    function compare() {
        try {
            const after = change();
            next.disabled = Object.keys(after).length === 0;
            replace(shown, next.disabled ? h("p", {class: "soft"}, "No difference.") : [after.payload !== undefined && difference(old.payload, after.payload),
                after.headers && difference(headerLines(old.headers), headerLines(after.headers))]);
        } catch (error) {
            next.disabled = true;
            replace(shown, notice("bad", error.message));
        }
    }
    payload.addEventListener("input", compare);
    headers.addEventListener("input", compare);
    const dialog = h("dialog", {"aria-label": `Edit row ${event.outbox_id}`},
        h("header", {}, h("h2", {}, `Edit row ${count(event.outbox_id)}`), h("button", {type: "button", onclick: () => dialog.close()}, "Close")),
        h("p", {class: "soft"}, "The outbox keeps the row as it was written; Kafka gets it as edited."),
        h("form", {onsubmit: (submitted) => {
            submitted.preventDefault();
            dialog.close();
            confirm({action: "edit", outbox_id: event.outbox_id, before: old, after: change()}, `Edit row ${event.outbox_id}`, done);
        }}, canPayload ? h("label", {}, "Payload", payload) : h("p", {class: "soft"}, "The payload is no text: outboxctl edit --payload-file changes it."),
        canHeaders && h("label", {}, "Headers of the row, one on each line: name: value", headers),
        h("h3", {}, "Difference"), shown, h("div", {class: "actions"}, next)));
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
    compare();
}

/// Line by line: what is the same at the beginning and at the end, and what lies between in both.
export function difference(before, after) {
    if (before === after) return h("p", {class: "soft"}, "No difference.");
    const [old, now] = [before, after].map((text) => (text === "" ? [] : text.split("\n")));
    let start = 0;
    while (start < old.length && start < now.length && old[start] === now[start]) start += 1;
    let end = 0;
    while (end < old.length - start && end < now.length - start && old.at(-1 - end) === now.at(-1 - end)) end += 1;
    const part = (lines, name, sign) => lines.map((text) => h("div", {class: name}, `${sign} ${text}`));
    return h("div", {class: "diff"}, part(old.slice(Math.max(0, start - 2), start), "", " "), part(old.slice(start, old.length - end), "old", "−"),
        part(now.slice(start, now.length - end), "new", "+"), part(old.slice(old.length - end, old.length - end + 2), "", " "));
}
