// The JSON API of the console, relative to the page, so that a path prefix in front of it needs no setting.

export class APIError extends Error {
    constructor(status, message) {
        super(message);
        this.status = status;
    }
}

/// Integers beyond 2^53 stay exact: they become their digits as text.
function parse(text) {
    return JSON.parse(text, (key, value, context) =>
        typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value) && context?.source ? context.source : value);
}

/// Parameters that are empty are left out.
export function query(parameters = {}) {
    const used = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null && value !== "");
    const text = new URLSearchParams(used).toString();
    return text ? `?${text}` : "";
}

async function request(path, options) {
    let answer;
    try {
        answer = await fetch(`api/v1/${path}`, {...options, headers: {accept: "application/json", ...options?.headers}});
    } catch {
        throw new APIError(0, "the console's server does not answer");
    }
    const text = await answer.text();
    let body = {};
    try {
        body = text ? parse(text) : {};
    } catch {
        throw new APIError(answer.status, `an answer that is not JSON (status ${answer.status})`);
    }
    if (!answer.ok) throw new APIError(answer.status, body.message ?? `status ${answer.status}`);
    return {body, isOld: Number(answer.headers.get("age") ?? 0) > 0};
}

export const get = async (path, parameters, signal) => (await request(path + query(parameters), {signal})).body;

/// What a page asks again by itself: {body, isOld}. All pages share an answer; while the database has its share of questions it is
/// the last one, and isOld then says that something may have changed since.
export const refresh = (path, parameters, signal) => request(path + query(parameters), {signal, headers: {"cache-control": "max-stale"}});

export const post = async (path, body) =>
    (await request(path, {method: "POST", body: JSON.stringify(body), headers: {"content-type": "application/json"}})).body;

export {parse};
