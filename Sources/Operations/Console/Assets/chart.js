// Line charts over time as SVG. Gaps in the samples stay gaps. The newest and the highest value stand beside the lines as text.

import {h, svg} from "./dom.js";

const width = 720;
const height = 176;
const left = 4;
const bottom = 18;

/// series: [{name, value(sample), format}], at most three. Samples: [{at: RFC 3339}], oldest first.
export function chart(title, samples, series, seconds) {
    const end = samples.length ? Date.parse(samples.at(-1).at) : 0;
    const start = end - seconds * 1000;
    const points = series.map((line) => samples.map((sample) => [Date.parse(sample.at), line.value(sample)]).filter(([at]) => at >= start));
    const top = Math.max(1e-9, ...points.flat().map(([, value]) => value ?? 0));
    const x = (at) => left + (width - left) * (at - start) / (seconds * 1000);
    const y = (value) => height - bottom - (height - bottom - 14) * value / top;
    const words = series.map((line, index) => {
        const values = points[index].map(([, value]) => value).filter((value) => value !== null && value !== undefined);
        return values.length ? `${line.name}: ${line.format(values.at(-1))}, at most ${line.format(Math.max(...values))}` : `${line.name}: no data yet`;
    });
    const picture = svg("svg", {class: "chart", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": `${title}. ${words.join(". ")}`},
        svg("line", {class: "rule", x1: 0, x2: width, y1: y(0), y2: y(0)}),
        svg("line", {class: "rule", x1: 0, x2: width, y1: y(top), y2: y(top)}),
        points.map((line, index) => svg("path", {class: `series-${index}`, d: path(line, x, y)})));
    const legend = series.map((line, index) => h("li", {},
        svg("svg", {viewBox: "0 0 26 8", "aria-hidden": "true"}, svg("line", {class: `series-${index}`, x1: 0, x2: 26, y1: 4, y2: 4, "stroke-width": 2})),
        words[index]));
    return h("figure", {class: "card"}, h("h3", {}, title), picture, h("ul", {class: "legend"}, legend));
}

/// A new stroke begins after each value that is missing.
function path(line, x, y) {
    let isDown = false;
    return line.map(([at, value]) => {
        if (value === null || value === undefined) {
            isDown = false;
            return "";
        }
        const step = `${isDown ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
        isDown = true;
        return step;
    }).join("");
}
