// The last report of the drills: faults × invariants, and each run's timeline, which can be stepped through and played.

import {get} from "./api.js";
import {h, notice, replace, table} from "./dom.js";
import {count, duration, time} from "./format.js";
import {player} from "./timeline.js";

/// What each column means, in the order of the columns. Others, of a newer release, come behind.
const meanings = {
    durable: "an acknowledged command is durable, event and row", gapless: "sequence numbers have no gap",
    published: "every row is in Kafka, byte for byte, and nothing else is", ordered: "per key, events come for the first time in their order",
    projected: "the read model is the fold of the events", once: "the same idempotency key is one order", unpaid: "a cancelled order is not paid",
    drained: "after the fault nothing stays on its way, without an operator", stopped: "SIGTERM ends each service with status 0",
    single: "no reader of committed messages sees an event twice", fenced: "only the leader of its epoch moves the checkpoint",
    brief: "the relay holds no transaction open", quick: "clients do not notice what happens to relay, Kafka and consumers",
    honest: "/readyz and the metrics tell the truth", lean: "no dead rows pile up",
};
const signs = {good: "✓", bad: "✕", none: "–"};

export function drills(root, {parameters, remember}) {
    const board = h("div", {}, h("p", {class: "soft"}, "Loading …"));
    const run = h("div");
    root.append(board, run);
    const loading = new AbortController();
    let stop = () => {};

    async function open(number) {
        remember({run: number});
        stop();
        stop = () => {};
        try {
            const found = await get(`drills/${number}`, {}, loading.signal);
            const shown = runView(number, found);
            stop = shown.stop;
            replace(run, shown.element);
            shown.element.scrollIntoView({block: "nearest"});
        } catch (error) {
            if (error.name !== "AbortError") replace(run, notice("bad", error.message));
        }
    }
    get("drills", {}, loading.signal).then((report) => {
        replace(board, overview(report), report.runs?.length > 0 && scoreboard(report.runs, open));
        if (parameters.run && report.runs) open(Number(parameters.run));
    }).catch((error) => {
        if (error.name !== "AbortError") replace(board, notice("bad", error.message));
    });
    return () => {
        stop();
        loading.abort();
    };
}

function overview(report) {
    if (!report.written_at) {
        return notice("", "No drill was reported yet. A drill starts a system of its own, breaks it under load, mends it, and judges what became of every order. ",
            h("code", {}, "make drill"), " runs all of them, ", h("code", {}, `outboxctl drill run kill-relay --report ${report.path}`), " one.");
    }
    if (report.note) return notice("bad", h("code", {}, report.path), ": ", report.note);
    const broken = report.runs.filter((run) => run.is_broken).length;
    const violations = report.runs.reduce((sum, run) => sum + violated(run), 0);
    const faults = new Set(report.runs.map((run) => run.name)).size;
    const isGood = violations === 0 && broken === 0 && report.runs.length > 0;
    return [notice(isGood ? "good" : "bad", h("strong", {}, `${isGood ? "✓" : "✕"} ${number(faults, "fault")} × ${number(columns(report.runs).length, "invariant")}, ${number(report.runs.length, "run")}, ${number(violations, "violation")}`),
        broken > 0 && `, ${count(broken)} broken off`),
    h("p", {class: "soft"}, "Begun ", time(report.began_at), `, delivery ${report.delivery}, from `, h("code", {}, report.path), ".")];
}

const number = (amount, word) => `${count(amount)} ${word}${amount === 1 ? "" : "s"}`;
const violated = (run) => Object.values(run.violations).reduce((sum, amount) => sum + amount, 0);

/// The invariants that were judged at all.
function columns(runs) {
    const judged = new Set(runs.flatMap((run) => Object.keys(run.violations)));
    return [...Object.keys(meanings).filter((name) => judged.has(name)), ...[...judged].filter((name) => !(name in meanings)).sort()];
}

/// A row for each fault: all its runs together. A fault of one run opens it; one of several lists them.
function scoreboard(runs, open) {
    const faults = Map.groupBy(runs.map((run, index) => ({...run, number: index + 1})), (run) => run.name);
    const names = columns(runs);
    const worst = (all, name) => all.reduce((most, run) => (run[name] === undefined ? most : Math.max(most ?? 0, run[name])), undefined);
    const sum = (all, name) => all.reduce((total, run) => total + run[name], 0);
    return [h("section", {class: "card board", "aria-label": "Scoreboard"}, h("h3", {}, "Scoreboard"), table("Faults and invariants", [
        {title: "Fault", cell: (all) => h("strong", {title: all[0].summary}, all[0].name)},
        {title: "Runs", number: true, cell: (all) => all.map((run) => h("button", {type: "button", class: "small", "aria-label": `Run ${run.number}: ${run.name}, seed ${run.seed}`,
            onclick: () => open(run.number)}, `${isClean(run) ? signs.good : signs.bad} ${run.number}`))},
        ...names.map((name) => ({title: name, hint: meanings[name], cell: (all) => verdict(all, name)})),
        {title: "Orders", number: true, cell: (all) => count(sum(all, "acknowledged"))},
        {title: "Duplicates", number: true, cell: (all) => count(sum(all, "duplicates"))},
        {title: "Recovery", hint: "the longest time from the end of the fault until nothing was on its way", number: true, cell: (all) => duration(worst(all, "recovery_seconds"))},
        {title: "Wait", hint: "the longest time from a client's first try to its answer", number: true, cell: (all) => duration(worst(all, "worst_wait_seconds"))},
    ], [...faults.values()], (all) => open(worstRun(all).number), (all) => `fault-${all[0].name}`),
    h("details", {}, h("summary", {}, "What the columns mean"), h("dl", {class: "facts"}, names.map((name) => [h("dt", {}, name), h("dd", {}, meanings[name] ?? "see docs/drills.md")]))))];
}

const isClean = (run) => !run.is_broken && violated(run) === 0;
/// The run that is worth a look: one that failed, else the one that recovered last.
const worstRun = (all) => all.find((run) => !isClean(run)) ?? all.reduce((one, other) => ((other.recovery_seconds ?? 0) > (one.recovery_seconds ?? 0) ? other : one));

function verdict(all, name) {
    const judged = all.filter((run) => run.violations[name] !== undefined);
    if (judged.length === 0) return h("span", {class: "soft", title: "not judged"}, signs.none);
    const amount = judged.reduce((sum, run) => sum + run.violations[name], 0);
    return amount === 0 ? h("span", {class: "verdict good", title: "held"}, signs.good) : h("span", {class: "verdict bad", title: "violated"}, `${signs.bad} ${count(amount)}`);
}

function runView(number, run) {
    const replay = player(run);
    return {stop: replay.stop, element: h("section", {class: "card", "aria-label": `Run ${number}`},
        h("h3", {}, `Run ${number}: ${run.name}`), h("p", {}, `${run.summary}.`),
        run.is_broken && notice("bad", "This run could not be finished."),
        run.findings.map((finding) => notice("bad", finding)),
        replay.element,
        h("p", {class: "soft"}, `${count(run.acknowledged)} orders in ${duration(run.seconds)}; seed ${run.seed}. Again: `, h("code", {}, run.command)),
        run.logs && h("p", {class: "soft"}, "Logs: ", h("code", {}, run.logs)))};
}
