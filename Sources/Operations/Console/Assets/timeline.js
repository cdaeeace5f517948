// The timeline of one run of a drill: three curves, the marks of what was done, and a position that moves through them.

import {h, notice, replace, svg} from "./dom.js";
import {count, duration, rate} from "./format.js";

const width = 960;
const height = 220;
const top = 26;
const bottom = 200;
const speeds = [1, 4, 16];
const curves = [
    {name: "orders per second", value: (sample) => sample.orders_per_second, format: rate},
    {name: "rows that wait", value: (sample) => sample.backlog, format: count},
    {name: "worst wait of a client", value: (sample) => sample.worst_wait_seconds, format: duration},
];

/// {element, stop}: stop ends the playing.
export function player(run) {
    const samples = run.samples ?? [];
    const marks = run.marks ?? [];
    if (samples.length === 0 && marks.length === 0) return {element: notice("", "The report has no timeline of this run."), stop: () => {}};
    const end = Math.max(samples.at(-1)?.seconds ?? 0, marks.at(-1)?.seconds ?? 0, 0.1);
    const x = (seconds) => width * seconds / end;
    const state = {at: end, timer: null, speed: 4};

    const played = svg("rect", {x: 0, y: 0, width, height});
    const cursor = svg("line", {class: "cursor", x1: width, x2: width, y1: 0, y2: bottom});
    const picture = svg("svg", {class: "chart drill", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": words(samples, marks, end)},
        svg("clipPath", {id: "played"}, played), svg("line", {class: "rule", x1: 0, x2: width, y1: bottom, y2: bottom}),
        curves.map((curve, index) => line(samples, curve, index, x)), cursor,
        marks.map((mark) => svg("line", {class: "mark", x1: x(mark.seconds), x2: x(mark.seconds), y1: top - 8, y2: bottom}, svg("title", {}, mark.text))));
    const slider = h("input", {id: "drill-position", type: "range", min: 0, max: end, step: "any", "aria-label": "Position in the run", oninput: (event) => {
        pause();
        show(Number(event.target.value));
    }});
    slider.value = String(end);
    const play = h("button", {id: "drill-play", type: "button", class: "primary", onclick: () => (state.timer === null ? start() : pause())}, "▶ Play");
    const speed = h("select", {id: "drill-speed", "aria-label": "Speed", onchange: (event) => { state.speed = Number(event.target.value); }},
        speeds.map((factor) => h("option", {value: factor, selected: factor === state.speed}, `${factor} × as fast`)));
    const reading = h("p", {class: "reading", "aria-live": "off"});
    const list = h("ol", {class: "marks"}, marks.map((mark) => h("li", {}, h("button", {type: "button", class: "small", onclick: () => {
        pause();
        show(mark.seconds);
    }}, `${mark.seconds.toFixed(1)} s`), " ", mark.text)));

    function show(seconds) {
        state.at = Math.max(0, Math.min(end, seconds));
        played.setAttribute("width", x(state.at));
        for (const name of ["x1", "x2"]) cursor.setAttribute(name, x(state.at));
        if (document.activeElement !== slider || Number(slider.value) !== state.at) slider.value = String(state.at);
        replace(reading, readings(samples, marks, state.at));
        for (const [index, item] of [...list.children].entries()) {
            if (marks[index].seconds <= state.at + 1e-6) item.setAttribute("class", "passed");
            else item.removeAttribute("class");
        }
    }

    /// Ten pictures a second are enough for samples that are a quarter of a second apart.
    function start() {
        if (state.at >= end) show(0);
        let last = performance.now();
        play.textContent = "❚❚ Pause";
        state.timer = setInterval(() => {
            const now = performance.now();
            show(state.at + (now - last) / 1000 * state.speed);
            last = now;
            if (state.at >= end) pause();
        }, 100);
    }

    function pause() {
        clearInterval(state.timer);
        state.timer = null;
        play.textContent = "▶ Play";
    }

    /// To the next or the last moment at which something was done.
    function step(direction) {
        pause();
        const stops = [0, ...marks.map((mark) => mark.seconds), end];
        show(direction > 0 ? stops.find((at) => at > state.at + 1e-6) ?? end : stops.findLast((at) => at < state.at - 1e-6) ?? 0);
    }

    show(end);
    return {stop: pause, element: h("div", {class: "player"}, picture,
        h("ul", {class: "legend"}, curves.map((curve, index) => h("li", {}, svg("svg", {viewBox: "0 0 26 8", "aria-hidden": "true"}, svg("line", {class: `series-${index}`, x1: 0, x2: 26, y1: 4, y2: 4, "stroke-width": 2})),
            `${curve.name}, at most ${curve.format(most(samples, curve))}`)), h("li", {class: "soft"}, "each by its own scale")),
        h("div", {class: "controls"}, h("button", {type: "button", onclick: () => step(-1)}, "◀ Step back"), play, h("button", {type: "button", onclick: () => step(1)}, "Step ▶"), speed, slider),
        reading, marks.length > 0 && [h("h4", {}, "What was done"), list])};
}

const most = (samples, curve) => Math.max(0, ...samples.map((sample) => curve.value(sample) ?? 0));

/// The whole curve, faint, and the part that was played.
function line(samples, curve, index, x) {
    const highest = Math.max(most(samples, curve), 1e-9);
    const y = (value) => bottom - (bottom - top) * value / highest;
    let isDown = false;
    const path = samples.map((sample) => {
        const value = curve.value(sample);
        if (value === undefined || value === null) {
            isDown = false;
            return "";
        }
        const step = `${isDown ? "L" : "M"}${x(sample.seconds).toFixed(1)} ${y(value).toFixed(1)}`;
        isDown = true;
        return step;
    }).join("");
    return [svg("path", {class: `series-${index} faint`, d: path}), svg("path", {class: `series-${index}`, d: path, "clip-path": "url(#played)"})];
}

/// The numbers at a moment, and what was done last before it.
function readings(samples, marks, at) {
    const sample = samples.findLast((candidate) => candidate.seconds <= at + 1e-6) ?? samples[0];
    const mark = marks.findLast((candidate) => candidate.seconds <= at + 1e-6);
    return [h("strong", {}, `At ${at.toFixed(1)} s: `),
        sample ? `${rate(sample.orders_per_second)} orders, ${sample.backlog === undefined ? "Postgres does not answer" : `${count(sample.backlog)} rows wait`}, worst wait ${duration(sample.worst_wait_seconds)}` : "no sample",
        mark ? h("span", {}, "; last: ", h("strong", {}, mark.text), ` (${(at - mark.seconds).toFixed(1)} s ago)`) : "; nothing was done yet"];
}

function words(samples, marks, end) {
    return [`Timeline of ${duration(end)}`, ...curves.map((curve) => `${curve.name}: at most ${curve.format(most(samples, curve))}`), ...marks.map((mark) => `at ${mark.seconds.toFixed(1)} s ${mark.text}`)].join(". ");
}
