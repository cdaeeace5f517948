// Builds elements. Text always becomes a text node, so nothing that a row contains can become markup.

/// h("p", {class: "soft", onclick: f}, "text", element, [more]); null and false are left out.
export function h(name, attributes = {}, ...children) {
    return fill(document.createElement(name), attributes, children);
}

/// The same for SVG.
export function svg(name, attributes = {}, ...children) {
    return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function fill(element, attributes, children) {
    for (const [key, value] of Object.entries(attributes)) {
        if (value === null || value === undefined || value === false) continue;
        if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
        else if (key === "value") element.value = value;
        else element.setAttribute(key, value === true ? "" : String(value));
    }
    element.append(...flat(children));
    return element;
}

function flat(children) {
    return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false)
        .map((child) => (child instanceof Node ? child : document.createTextNode(String(child))));
}

/// Replaces what is inside an element, and keeps the focus on the element with the same id.
export function replace(element, ...children) {
    const focused = element.contains(document.activeElement) ? document.activeElement.id : "";
    element.replaceChildren(...flat(children));
    if (focused) document.getElementById(focused)?.focus();
    return element;
}

/// A list of terms and values; values that are null, false or empty are left out.
export function facts(entries) {
    return h("dl", {class: "facts"}, entries.filter(([, value]) => value !== null && value !== undefined && value !== false && value !== "")
        .map(([term, value]) => [h("dt", {}, term), h("dd", {}, value)]));
}

/// A table in a box that scrolls sideways. columns: [{title, cell(row), number, hint}]; open(row) makes the rows clickable.
/// name(row) is a row's id in the page: a row that has the focus keeps it when the table is drawn again.
export function table(caption, columns, rows, open, name = () => null) {
    const head = h("tr", {}, columns.map((column) => h("th", {scope: "col", class: column.number && "number", title: column.hint}, column.title)));
    const body = rows.map((row) => h("tr", open ? {id: name(row), ...rowHandlers(() => open(row))} : {},
        columns.map((column) => h("td", {class: column.number && "number"}, column.cell(row)))));
    return h("div", {class: "scroll"}, h("table", {"aria-label": caption}, h("thead", {}, head), h("tbody", {}, body)));
}

function rowHandlers(open) {
    return {
        tabindex: 0, onclick: (event) => { if (!event.target.closest("a, button, input")) open(); },
        onkeydown: (event) => {
            if (event.key !== "Enter" || event.target !== event.currentTarget) return;
            // Otherwise the same key presses the button that gets the focus in the opened drawer.
            event.preventDefault();
            open();
        },
    };
}

export function notice(kind, ...text) {
    return h("p", {class: `notice ${kind}`, role: kind === "bad" ? "alert" : "note"}, text);
}
