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
        event.state === "held" && ["text", "json"].includes(event.payload.form) && !event.payload.is_cut
            && h("button", {type: "button", onclick: () => edit(event, done)}, "Edit row"));
}

/// An action of POST /actions.
export function confirm(request, title, done) {
    const {before, ...asked} = request;
    commit({
        title, done, button: `Yes, ${request.action.replace("_", " ")}`, isAboutKeys: aboutKeys.includes(request.action),
        preview: () => post("actions/preview", asked), act: (reason) => post("actions", {...asked, reason}),
        shown: request.after && difference(before, request.after.payload ?? before)});
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
    const button = h("button", {type: "submit", class: "primary", disabled: preview.keys === 0 && action.isAboutKeys}, action.button);
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

function edit(event, done) {
    const text = h("textarea", {id: "payload", "aria-label": "Payload", value: event.payload.text ?? ""});
    const shown = h("div", {class: "diff"});
    const compare = () => replace(shown, difference(event.payload.text ?? "", text.value));
    text.addEventListener("input", compare);
    const dialog = h("dialog", {"aria-label": `Edit row ${event.outbox_id}`},
        h("header", {}, h("h2", {}, `Edit row ${count(event.outbox_id)}`), h("button", {type: "button", onclick: () => dialog.close()}, "Close")),
        h("p", {class: "soft"}, "The outbox keeps the row as it was written; the edited payload is what Kafka gets."), text,
        h("h3", {}, "Difference"), shown,
        h("div", {class: "actions"}, h("button", {type: "button", class: "primary", onclick: () => {
            dialog.close();
            confirm({action: "edit", outbox_id: event.outbox_id, before: event.payload.text, after: {payload: text.value}}, `Edit row ${event.outbox_id}`, done);
        }}, "Continue")));
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
    compare();
}

/// Line by line: what is the same at the beginning and at the end, and what lies between in both.
export function difference(before, after) {
    if (before === after) return h("p", {class: "soft"}, "No difference.");
    const [old, now] = [before.split("\n"), after.split("\n")];
    let start = 0;
    while (start < old.length && start < now.length && old[start] === now[start]) start += 1;
    let end = 0;
    while (end < old.length - start && end < now.length - start && old.at(-1 - end) === now.at(-1 - end)) end += 1;
    const part = (lines, name, sign) => lines.map((text) => h("div", {class: name}, `${sign} ${text}`));
    return h("div", {class: "diff"}, part(old.slice(Math.max(0, start - 2), start), "", " "), part(old.slice(start, old.length - end), "old", "−"),
        part(now.slice(start, now.length - end), "new", "+"), part(old.slice(old.length - end, old.length - end + 2), "", " "));
}
