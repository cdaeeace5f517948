// States as a sign and a word. The sign carries the meaning where colour does not.

import {h} from "./dom.js";

const states = {
    unpublished: ["wait", "○", "unpublished"], publishing: ["info", "◐", "publishing"], published: ["good", "●", "published"],
    held: ["bad", "■", "held"], skipped: ["", "⊘", "skipped"], left_out: ["", "–", "left out"],
    park: ["bad", "■", "parked"], release: ["good", "▶", "released"], skip: ["wait", "⊘", "skipped"], edit: ["info", "✎", "edited"],
    pause: ["wait", "❚❚", "paused"], resume: ["good", "▶", "resumed"], replay: ["info", "↻", "replayed"],
    rebuild: ["info", "↻", "rebuilt"], rebase: ["wait", "⇄", "rebased"], adopt: ["info", "＋", "adopted"], upgrade: ["info", "↑", "upgraded"],
};

export function pill(state) {
    const [kind, sign, word] = states[state] ?? ["", "·", state];
    return h("span", {class: `pill ${kind}`}, `${sign} ${word}`);
}

/// A decision: what was begun, or a step of what was begun before.
export function decisionPill(decision) {
    if (decision.step === "stop") return h("span", {class: "pill wait"}, `❚❚ ${decision.action} stopped`);
    if (decision.step === "continue") return h("span", {class: "pill info"}, `▶ ${decision.action} continued`);
    return pill(decision.action);
}

export function health(isWell, word) {
    return h("span", {class: `pill ${isWell ? "good" : "bad"}`}, `${isWell ? "✓" : "✕"} ${word}`);
}
