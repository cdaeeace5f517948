// The live updates: one event stream for the whole page. It is closed while the page is hidden or updates are paused.

import {parse} from "./api.js";

export class Live {
    #source = null;
    #paused = false;
    #listeners = new Set();
    #onState;
    latest = null;

    constructor(onState) {
        this.#onState = onState;
        document.addEventListener("visibilitychange", () => this.#follow());
        this.#follow();
    }

    get isPaused() { return this.#paused; }

    pause(paused) {
        this.#paused = paused;
        this.#follow();
    }

    /// Calls `listener(status)` with each update and at once with the latest; returns a function that ends it.
    subscribe(listener) {
        this.#listeners.add(listener);
        if (this.latest) listener(this.latest);
        return () => this.#listeners.delete(listener);
    }

    #follow() {
        const wanted = !this.#paused && document.visibilityState === "visible";
        if (!wanted) {
            this.#source?.close();
            this.#source = null;
            this.#onState(this.#paused ? "paused" : "hidden");
        } else if (!this.#source) {
            this.#open();
        }
    }

    #open() {
        this.#onState("connecting");
        this.#source = new EventSource("api/v1/live");
        this.#source.addEventListener("open", () => this.#onState("live"));
        this.#source.addEventListener("status", (event) => {
            this.latest = parse(event.data);
            this.#onState("live");
            for (const listener of this.#listeners) listener(this.latest);
        });
        this.#source.addEventListener("failure", (event) => this.#onState("failing", parse(event.data).message));
        this.#source.addEventListener("error", () => {
            this.#onState("away");
            // The browser reconnects by itself, except after an answer that is no stream (a proxy's error page).
            if (this.#source?.readyState === EventSource.CLOSED) {
                this.#source = null;
                setTimeout(() => this.#follow(), 3000);
            }
        });
    }
}
