import Values

/// A report as one HTML page without scripts or outside files: a scoreboard, and a timeline for each run.
public struct DrillPage {
    private let report: DrillReport

    /// The page of a report.
    public init(_ report: DrillReport) { self.report = report }

    /// The whole page.
    public var html: String {
        """
        <!doctype html><html lang="en"><meta charset="utf-8"><title>Drills</title><style>\(Self.style)</style>
        <h1>\(report.runs.count) drills, \(report.violations) violations</h1>
        <p>Begun at \(report.beganAt), delivery \(escaped(report.delivery)).</p>
        \(scoreboard)
        \(report.runs.map(section).joined(separator: "\n"))
        </html>
        """
    }

    private static let style = """
        body{font:14px/1.5 system-ui,sans-serif;margin:2em auto;max-width:70em;padding:0 1em}
        table{border-collapse:collapse}td,th{padding:.2em .6em;border-bottom:1px solid #ddd;text-align:right}
        td:first-child,th:first-child{text-align:left}.good{color:#187a2f}.bad{color:#b3261e;font-weight:bold}
        svg{width:100%;height:auto;background:#fafafa;border:1px solid #ddd}code{background:#f3f3f3;padding:.1em .3em}
        """

    private func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing("\"", with: "&quot;")
    }

    // MARK: - Scoreboard

    private var scoreboard: String {
        let titles = DrillReport.Invariant.allCases.map { "<th>\($0.rawValue)</th>" }.joined()
        let rows = report.runs.map { run in
            let cells = DrillReport.Invariant.allCases.map { cell(run.violations[$0.rawValue]) }.joined()
            let recovery = run.recoverySeconds.map { rounded($0) + " s" } ?? "–"
            return """
                <tr><td><a href="#\(escaped(run.name))-\(run.seed)">\(escaped(run.name))</a></td>\(cells)\
                <td>\(run.acknowledged)</td><td>\(run.duplicates)</td><td>\(recovery)</td>\
                <td>\(rounded(run.worstWaitSeconds)) s</td></tr>
                """
        }
        return """
            <table><tr><th>drill</th>\(titles)<th>orders</th><th>duplicates</th><th>recovery</th>
            <th>worst wait</th></tr>
            \(rows.joined(separator: "\n"))</table>
            """
    }

    private func cell(_ count: Int?) -> String {
        guard let count else { return "<td>–</td>" }
        return count == 0 ? "<td class=\"good\">✓</td>" : "<td class=\"bad\">\(count)</td>"
    }

    private func rounded(_ seconds: Double) -> String { "\((seconds * 100).rounded() / 100)" }

    // MARK: - Runs

    private func section(_ run: DrillReport.Run) -> String {
        let findings = run.findings.map { "<li class=\"bad\">\(escaped($0))</li>" }.joined()
        return """
            <h2 id="\(escaped(run.name))-\(run.seed)">\(escaped(run.name))</h2>
            <p>\(escaped(run.summary)). Again: <code>\(escaped(run.command))</code></p>
            <ul>\(findings)</ul>
            \(Self.timeline(run, escaped))
            """
    }

    private static let (width, height) = (1_000.0, 220.0)
    private static let (left, bottom) = (10.0, 200.0)

    private static func timeline(_ run: DrillReport.Run, _ escaped: (String) -> String) -> String {
        let end = max(run.samples.last?.seconds ?? 1, run.marks.last?.seconds ?? 1, 1)
        let x = { (seconds: Double) in left + (width - 2 * left) * seconds / end }
        let curve = { (name: String, colour: String, values: [(Double, Double?)]) -> String in
            let most = max(values.compactMap(\.1).max() ?? 0, 1)
            let points = values.compactMap { seconds, value in
                value.map { "\(tenth(x(seconds))),\(tenth(bottom - 160 * $0 / most))" }
            }
            return """
                <polyline fill="none" stroke="\(colour)" stroke-width="1.5" points="\(points.joined(separator: " "))">\
                <title>\(name), up to \(tenth(most))</title></polyline>
                """
        }
        let curves = [
            curve("orders per second", "#1a73e8", run.samples.map { ($0.seconds, $0.ordersPerSecond) }),
            curve("rows that wait", "#e8710a", run.samples.map { ($0.seconds, $0.backlog.map { Double($0) }) }),
            curve("worst wait in seconds", "#9334e6", run.samples.map { ($0.seconds, $0.worstWaitSeconds) }),
        ]
        let marks = run.marks.enumerated().map { index, mark in
            """
            <line x1="\(tenth(x(mark.seconds)))" x2="\(tenth(x(mark.seconds)))" y1="10" y2="\(bottom)" \
            stroke="#b3261e" stroke-dasharray="3 3"/>\
            <text x="\(tenth(x(mark.seconds) + 2))" y="\(14 + index % 4 * 11)" \
            font-size="10" fill="#b3261e">\(escaped(mark.text))</text>
            """
        }
        return """
            <svg viewBox="0 0 \(Int(width)) \(Int(height))">\(curves.joined())\(marks.joined())
            <text x="\(left)" y="215" font-size="11"><tspan fill="#1a73e8">orders/s</tspan> \
            <tspan fill="#e8710a">rows that wait</tspan> <tspan fill="#9334e6">worst wait</tspan> \
            <tspan>over \(tenth(end)) s; each curve by its own scale</tspan></text></svg>
            """
    }

    private static func tenth(_ number: Double) -> String { "\((number * 10).rounded() / 10)" }
}
