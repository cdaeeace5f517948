import HTTPTypes

/// A page that shows ``OpenAPIDocument`` to people: one file, no script or style from elsewhere.
enum DocsPage {
    static let bytes = Array(text.utf8)

    /// The page may run its own script, ask its own server, and nothing else.
    static let headers: HTTPFields = [
        .contentSecurityPolicy:
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'"
    ]

    private static let text = #"""
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Orders API</title>
        <style>
        body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff }
        code, pre, textarea { font: 14px/1.4 ui-monospace, monospace }
        pre { background: #f4f4f4; padding: .7rem; overflow-x: auto }
        details { border: 1px solid #ccc; border-radius: 4px; margin: .5rem 0; padding: .5rem .8rem }
        summary { cursor: pointer }
        summary b { display: inline-block; min-width: 4rem }
        table { border-collapse: collapse; width: 100% }
        td { border-top: 1px solid #eee; padding: .3rem .5rem; vertical-align: top }
        @media (prefers-color-scheme: dark) { body { background: #181818; color: #ddd } pre { background: #262626 } }
        </style>
        <h1 id="title">Orders API</h1>
        <p id="description"></p>
        <p>The document itself: <a href="openapi.json">openapi.json</a>.</p>
        <main id="operations"><noscript>This page reads openapi.json with a script.</noscript></main>
        <script>
        const element = (name, text, ...children) => {
          const made = document.createElement(name);
          if (text) made.textContent = text;
          made.append(...children);
          return made;
        };
        const resolve = (spec, node) =>
          node && node.$ref ? resolve(spec, node.$ref.slice(2).split('/').reduce((at, key) => at[key], spec)) : node;
        const row = (...cells) => element('tr', '', ...cells.map(cell => element('td', '', cell)));
        const kind = schema => [schema.type, schema.enum && schema.enum.join(' | '), schema.pattern].filter(Boolean).join(', ');
        const curl = (path, method, example) => {
          const lines = [`curl -X ${method} '${location.origin}${path}'`];
          if (example) lines.push(`  -H 'Content-Type: application/json'`, `  -d '${JSON.stringify(example)}'`);
          return lines.join(' \\\n');
        };
        const show = (spec, path, method, operation) => {
          const box = element('details', '',
            element('summary', '', element('b', method), element('code', path), ' ' + (operation.summary || '')));
          if (operation.description) box.append(element('p', operation.description));
          const parameters = (operation.parameters || []).map(parameter => resolve(spec, parameter));
          if (parameters.length) {
            box.append(element('h4', 'Parameters'), element('table', '', ...parameters.map(parameter =>
              row(element('code', parameter.name), parameter.in, kind(parameter.schema), parameter.description || ''))));
          }
          const content = operation.requestBody && operation.requestBody.content['application/json'];
          const example = content && content.examples.example.value;
          box.append(element('pre', curl(path, method, example)));
          box.append(element('h4', 'Answers'), element('table', '', ...Object.entries(operation.responses).map(
            ([status, response]) => row(element('code', status), resolve(spec, response).description))));
          return box;
        };
        fetch('openapi.json').then(answer => answer.json()).then(spec => {
          document.getElementById('title').textContent = `${spec.info.title} ${spec.info.version}`;
          document.getElementById('description').textContent = spec.info.description;
          document.getElementById('operations').replaceChildren(...Object.entries(spec.paths).flatMap(
            ([path, item]) => Object.entries(item).map(
              ([method, operation]) => show(spec, path, method.toUpperCase(), operation))));
        });
        </script>
        </html>
        """#
}
