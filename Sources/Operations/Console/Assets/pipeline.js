// One live picture from clients to the read model, what is in the way, and the last fifteen minutes.

import {get} from "./api.js";
import {chart} from "./chart.js";
import {pauseActions} from "./actions.js";
import {facts, h, notice, replace} from "./dom.js";
import {bytes, count, duration, rate, time} from "./format.js";
import {health} from "./pills.js";

const chartSeconds = 900;

export function pipeline(root, {live, config}) {
    const blockers = h("div", {"aria-live": "polite"});
    const work = h("div");
    const picture = h("div");
    const charts = h("div", {class: "grid"});
    const details = h("div", {class: "grid"});
    root.append(blockers, work, picture, charts, details);
    const opened = new Set();
    let samples = [];
    const loading = new AbortController();
    get("history", {}, loading.signal).then((history) => {
        const first = samples[0]?.at ?? "~";
        samples = [...history.samples.filter((sample) => sample.at < first), ...samples];
        replace(charts, drawings(samples));
    }).catch(() => {});
    const stop = live.subscribe(({status, sample}) => {
        if (sample && samples.at(-1)?.at !== sample.at) samples.push(sample);
        while (samples.length > 2 && Date.parse(samples[0].at) < Date.parse(samples.at(-1).at) - chartSeconds * 1000) samples.shift();
        replace(blockers, obstacles(status));
        replace(work, openWork(status.work));
        replace(picture, stages(status, samples.at(-1)));
        replace(charts, drawings(samples));
        replace(details, panels(status, config, opened));
    });
    return () => {
        stop();
        loading.abort();
    };
}

function obstacles(status) {
    const lines = status.blockers.map((blocker) => notice("bad", h("strong", {}, "In the way: "), blocker.summary,
        blocker.since && [" Since ", time(blocker.since), "."],
        blocker.session?.query && h("pre", {}, blocker.session.query)));
    const notes = status.notes.map((note) => notice("wait", "Not known: ", note));
    return [lines, notes];
}

const workPages = {replay: "/replays", bulk: "/parked", rebuild: "/readmodel"};

/// Replays, bulk actions and rebuilds that are not over.
function openWork(work) {
    return work.length > 0 && h("section", {class: "card", "aria-label": "At work"}, h("h3", {}, "At work"), h("ul", {class: "work"}, work.map((job) => h("li", {},
        job.progress !== undefined && h("progress", {value: job.progress, max: 1, "aria-label": `Progress of ${job.kind} ${job.number}`}), " ",
        h("a", {href: `#${workPages[job.kind]}`}, job.summary), h("span", {class: "soft"}, ` – since `, time(job.asked_at), `${job.caller ? ` by ${job.caller}` : ""}: ${job.reason}`)))));
}

/// Clients, the transaction, the outbox, the relay, Kafka, the read model; each edge with its rate and its lag.
function stages(status, sample) {
    const service = (name) => status.services.find((candidate) => candidate.name === name);
    const group = (name) => status.consumers.find((candidate) => candidate.name === name);
    const backlog = status.backlog;
    const written = status.rates?.written;
    const published = status.rates?.published;
    const relay = status.relay;
    const relayState = !relay.lease_is_valid ? "bad" : relay.pause ? "wait" : "good";
    const consumer = (name, which, verb) => h("div", {class: "branch"}, edge(published, verb, lag(group(which)) || "lag not known"), stage(name, state(service(name)), line(service(name))));
    return h("div", {class: "pipeline card", role: "group", "aria-label": "From clients to the read model"},
        stage("Clients", "", ["REST, gRPC"]),
        edge(sample?.requests, sample?.requests === undefined ? "" : rate(sample.requests), "requests"),
        stage("orders-server", state(service("orders-server")), line(service("orders-server"))),
        edge(written, rate(written), "rows written"),
        stage("Outbox", !backlog ? "wait" : backlog.rows > 0 && status.blockers.length > 0 ? "bad" : "good",
            backlog ? [`${backlog.is_estimate ? "about " : ""}${count(backlog.rows)} unpublished`,
                status.parked.keys > 0 && `${count(status.parked.keys)} parked keys, ${count(status.parked.held_rows)} rows held`,
                status.forecast && backlog.rows > 0 && status.forecast.summary] : ["not counted in time"]),
        edge(published, rate(published), backlog?.oldest_age_seconds === undefined ? "rows published" : `oldest waits ${duration(backlog.oldest_age_seconds)}`),
        stage("outbox-relay", relayState, [relay.lease_is_valid ? `${relay.leader} leads` : "no relay leads",
            `epoch ${relay.epoch}, ${relay.standbys} ${relay.standbys === 1 ? "standby" : "standbys"}`,
            relay.pause ? "paused by an operator" : relay.is_asleep ? "asleep: nothing to do" : relay.is_draining ? "publishing" : "awake"]),
        edge(published, "Kafka", sample?.latency_p50_seconds === undefined ? "" : `p50 ${duration(sample.latency_p50_seconds)}, p99 ${duration(sample.latency_p99_seconds)}`),
        h("div", {class: "fork"}, consumer("orders-projector", "projection", "read model"), consumer("orders-payments", "payments", "payments")));
}

function stage(name, kind, lines) {
    const signs = {good: "✓ ", wait: "! ", bad: "✕ "};
    return h("div", {class: `stage ${kind}`}, h("strong", {}, `${signs[kind] ?? ""}${name}`), lines.filter(Boolean).map((text) => h("small", {}, text)));
}

function edge(flow, above, below) {
    return h("div", {class: `edge${flow > 0 ? " flows" : ""}`}, h("span", {}, above), h("span", {class: "arrow", "aria-hidden": "true"}), h("span", {class: "soft"}, below));
}

const state = (service) => (!service ? "wait" : service.is_live && service.is_ready ? "good" : "bad");
const line = (service) => (service ? [service.text] : ["address not configured"]);
const lag = (group) => group && group.lag !== undefined && group.lag !== null && `${count(group.lag)} behind`;

function drawings(samples) {
    return [
        chart("Requests and rows per second", samples, [
            {name: "written", value: (sample) => sample.written, format: rate},
            {name: "published", value: (sample) => sample.published, format: rate},
            {name: "requests", value: (sample) => sample.requests, format: rate}], chartSeconds),
        chart("Unpublished rows", samples, [
            {name: "rows", value: (sample) => sample.backlog, format: count}], chartSeconds),
        chart("From write to Kafka", samples, [
            {name: "p50", value: (sample) => sample.latency_p50_seconds, format: duration},
            {name: "p99", value: (sample) => sample.latency_p99_seconds, format: duration}], chartSeconds),
    ];
}

/// The settings in effect; a list that was opened stays open when the panel is drawn again.
function settings(service, opened) {
    if (!service.settings?.length) return null;
    return h("details", {open: opened.has(service.name), ontoggle: (event) => (event.target.open ? opened.add(service.name) : opened.delete(service.name))},
        h("summary", {id: `settings-${service.name}`}, "settings"), h("div", {class: "scroll"}, h("table", {"aria-label": `Settings of ${service.name}`},
            h("tbody", {}, service.settings.map((setting) => h("tr", {}, h("td", {class: "mono"}, setting.name), h("td", {}, setting.value), h("td", {class: "soft"}, setting.source)))))));
}

function panels(status, config, opened) {
    const relay = status.relay;
    return [
        h("section", {class: "card"}, h("h3", {}, "Relay"), facts([
            ["Leader", relay.leader], ["Epoch", count(relay.epoch)], ["Lease", relay.lease_is_valid ? ["valid until ", time(relay.lease_until)] : "not valid"],
            ["Standbys", count(relay.standbys)], ["Last cut", count(relay.cut)], ["Checkpoint moved", time(relay.moved_at)],
            ["Paused", relay.pause && ["since ", time(relay.pause.since), ` by ${relay.pause.caller ?? "?"}: ${relay.pause.reason ?? ""}`]]]),
        config.actions && pauseActions(relay)),
        h("section", {class: "card"}, h("h3", {}, "Outbox"), facts([
            ["Table", status.storage?.outbox], ["On disk", status.storage && bytes(status.storage.bytes)], ["Oldest row", status.storage && time(status.storage.oldest_row_at)],
            ["Retention", status.storage?.retention], ["Leaf", status.storage?.leaves !== undefined && `${count(status.storage.current_leaf)} of ${count(status.storage.leaves)}`],
            ["Forecast", status.forecast?.summary], ["Parked keys", count(status.parked.keys)], ["Held rows", count(status.parked.held_rows)],
            ["Being released", status.parked.releasing > 0 && count(status.parked.releasing)]])),
        h("section", {class: "card"}, h("h3", {}, "Processes"), status.services.length === 0
            ? h("p", {class: "soft"}, "No addresses of processes are configured.")
            : facts(status.services.map((service) => [service.name, [health(service.is_ready, service.is_ready ? "ready" : service.is_live ? "not ready" : "not running"), " ", service.text, settings(service, opened)]]))),
        h("section", {class: "card"}, h("h3", {}, "Consumers"), status.consumers.length === 0
            ? h("p", {class: "soft"}, "Their lag is not known: it has not been asked for yet, no address of Kafka is configured, or there are no groups.")
            : facts(status.consumers.map((group) => [group.name, group.lag === undefined ? group.note : [`${count(group.lag)} messages behind`, group.note && `; ${group.note}`]]))),
    ];
}
