// The shell: pages by the part of the address behind #, the live updates, the banner.

import {get} from "./api.js";
import {h, notice, replace} from "./dom.js";
import {Live} from "./live.js";
import {checks} from "./checks.js";
import {decisions} from "./decisions.js";
import {drills} from "./drills.js";
import {orders} from "./orders.js";
import {outbox} from "./outbox.js";
import {parked} from "./parked.js";
import {pipeline} from "./pipeline.js";
import {rebuilds} from "./rebuilds.js";
import {replays} from "./replays.js";

/// A page is a function (root, context) → a function that ends it, or nothing.
const pages = [
    {path: "/", title: "Pipeline", show: pipeline},
    {path: "/outbox", title: "Outbox", show: outbox},
    {path: "/parked", title: "Parked keys", show: parked},
    {path: "/orders", title: "Orders", show: orders},
    {path: "/readmodel", title: "Read model", show: rebuilds},
    {path: "/replays", title: "Replays", show: replays},
    {path: "/decisions", title: "Decisions", show: decisions},
    {path: "/drills", title: "Drills", show: drills},
    {path: "/checks", title: "Audit", show: checks},
];

const main = document.getElementById("main");
const connection = document.getElementById("connection");
const pauseButton = document.getElementById("pause");
const words = {live: "● live", connecting: "○ connecting", away: "✕ the console's server does not answer; trying again", paused: "❚❚ paused", hidden: "❚❚ hidden"};

let end = null;
let shown = "";
let config = {actions: false};

const live = new Live((state, message) => {
    const text = state === "failing" ? `✕ ${message}` : words[state];
    if (connection.textContent !== text) connection.textContent = text;
    connection.dataset.state = state;
});

pauseButton.addEventListener("click", () => {
    live.pause(!live.isPaused);
    pauseButton.setAttribute("aria-pressed", String(live.isPaused));
    pauseButton.textContent = live.isPaused ? "Resume updates" : "Pause updates";
});

/// "#/outbox?state=held" → path and parameters.
function address() {
    const [path, parameters = ""] = location.hash.replace(/^#/, "").split("?");
    return {path: path || "/", parameters: Object.fromEntries(new URLSearchParams(parameters))};
}

/// Writes the parameters into the address, so that a link or a reload shows the same.
function remember(path, parameters) {
    const used = Object.entries(parameters).filter(([, value]) => value);
    const query = new URLSearchParams(used).toString();
    history.replaceState(null, "", `#${path}${query ? `?${query}` : ""}`);
    shown = location.hash;
}

function show() {
    if (end && location.hash === shown) return;
    const {path, parameters} = address();
    const page = pages.find((candidate) => candidate.path === path);
    end?.();
    end = () => {};
    shown = location.hash;
    for (const link of document.querySelectorAll("#nav a")) {
        if (link.dataset.path === path) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
    }
    replace(main);
    if (!page) {
        replace(main, notice("bad", `There is no page ${path}.`));
        return;
    }
    document.title = `${page.title} – ${config.banner?.text ? `${config.banner.text} – ` : ""}Outbox console`;
    const heading = h("h2", {}, page.title);
    const root = h("div");
    main.append(heading, root);
    end = page.show(root, {parameters, live, config, remember: (values) => remember(path, values)}) ?? (() => {});
}

function navigation() {
    const links = pages.map((page) => h("a", {href: `#${page.path}`, "data-path": page.path}, page.title,
        page.path === "/parked" && h("span", {class: "count", hidden: true})));
    replace(document.getElementById("nav"), links);
    const badge = document.querySelector("#nav .count");
    live.subscribe(({status}) => {
        badge.hidden = !status?.parked?.keys;
        badge.textContent = status?.parked?.keys ?? "";
        badge.title = "parked keys";
    });
}

async function start() {
    navigation();
    try {
        config = await get("config");
    } catch (error) {
        main.append(notice("bad", `The console cannot start: ${error.message}. Reload the page to try again.`));
        return;
    }
    if (config.banner) {
        const banner = document.getElementById("banner");
        banner.textContent = config.banner.text;
        banner.dataset.colour = config.banner.colour;
        banner.hidden = false;
    }
    window.addEventListener("hashchange", () => {
        show();
        main.focus();
    });
    show();
}

start();
