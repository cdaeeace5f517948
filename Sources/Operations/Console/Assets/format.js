// Numbers, times and bytes for people. Identifiers beyond 2^53 arrive as text (see api.js) and are shown digit for digit.

export function count(value) {
    if (value === null || value === undefined) return "–";
    return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
}

export function rate(perSecond) {
    if (perSecond === null || perSecond === undefined) return "–";
    return `${perSecond < 10 && perSecond > 0 ? perSecond.toFixed(1) : count(Math.round(perSecond))}/s`;
}

/// 0.0042 → "4 ms", 75 → "1 min 15 s".
export function duration(seconds) {
    if (seconds === null || seconds === undefined) return "–";
    if (seconds < 0) return `-${duration(-seconds)}`;
    if (seconds < 0.00005) return seconds === 0 ? "0 s" : "under 0.1 ms";
    if (seconds < 0.01) return `${(seconds * 1000).toFixed(1)} ms`;
    if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
    if (seconds < 10) return `${seconds.toFixed(1)} s`;
    const whole = Math.round(seconds);
    const parts = [[Math.floor(whole / 86400), "d"], [Math.floor(whole / 3600) % 24, "h"], [Math.floor(whole / 60) % 60, "min"], [whole % 60, "s"]];
    const first = parts.findIndex(([amount]) => amount > 0);
    return parts.slice(first, first + 2).filter(([amount]) => amount > 0).map(([amount, unit]) => `${amount} ${unit}`).join(" ") || "0 s";
}

export function bytes(value) {
    if (value === null || value === undefined) return "–";
    for (const [unit, size] of [["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10]]) {
        if (value >= size) return `${(value / size).toFixed(1)} ${unit}`;
    }
    return `${value} B`;
}

/// The reader's time zone, to the millisecond, with the time in UTC as title.
export function time(text) {
    if (!text) return "–";
    const moment = new Date(text);
    if (Number.isNaN(moment.getTime())) return text;
    const element = document.createElement("time");
    element.dateTime = text;
    element.title = text;
    const two = (part) => String(part).padStart(2, "0");
    element.textContent = `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())} `
        + `${two(moment.getHours())}:${two(moment.getMinutes())}:${two(moment.getSeconds())}.${String(moment.getMilliseconds()).padStart(3, "0")}`;
    return element;
}
