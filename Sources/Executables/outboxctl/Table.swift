import Values

/// A table for people. Columns are as wide as their longest cell; on a terminal the last one is cut at its edge.
struct Table {
    /// One cell, and how well what it says is.
    struct Cell: ExpressibleByStringLiteral {
        let text: String
        var tone: Terminal.Tone?

        init(_ text: String, _ tone: Terminal.Tone? = nil) {
            // Outside text must not steer the terminal.
            self.text = Escaping.controls(text)
            self.tone = tone
        }

        init(stringLiteral value: StringLiteralType) { self.init(value) }
    }

    private let titles: [String]
    private var rows: [[Cell]] = []
    /// Columns of numbers, which are aligned to the right.
    private let numbers: Set<Int>

    init(_ titles: [String], numbers: Set<Int> = []) {
        self.titles = titles
        self.numbers = numbers
    }

    mutating func add(_ cells: [Cell]) { rows.append(cells) }

    /// The lines of the table.
    ///
    /// - Parameters:
    ///   - width: of the terminal; nil for lines of any length.
    ///   - hasTitles: whether the first line has the titles.
    func lines(width: Int?, hasTitles: Bool = true) -> [String] {
        let head = titles.map { Cell($0, .quiet) }
        let all = hasTitles ? [head] + rows : rows
        var widths = titles.map { _ in 0 }
        for row in all {
            for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.text.count) }
        }
        return all.map { line($0, widths, width) }
    }

    private func line(_ row: [Cell], _ widths: [Int], _ width: Int?) -> String {
        var (line, used) = ("", 0)
        for (column, cell) in row.enumerated() {
            let isLast = column == row.count - 1
            var text = cell.text
            if let width, used + text.count > width { text = Self.cut(text, to: width - used) }
            let gap = String(repeating: " ", count: max(0, widths[column] - text.count))
            let isNumber = numbers.contains(column)
            line += (isNumber ? gap : "") + Terminal.coloured(text, cell.tone)
            if !isLast { line += (isNumber ? "" : gap) + "  " }
            used += max(widths[column], text.count) + 2
        }
        return line
    }

    private static func cut(_ text: String, to width: Int) -> String {
        guard width > 1 else { return "" }
        return text.count > width ? text.prefix(width - 1) + "…" : text
    }

    func printed(hasTitles: Bool = true) {
        for line in lines(width: Terminal.width, hasTitles: hasTitles) { print(line) }
    }
}

/// Numbers and times for people.
enum Words {
    /// `12 345 678`.
    static func count(_ number: some BinaryInteger) -> String { DigitGroups.text(number) }

    /// `1.4 GB`, in powers of 1000.
    static func bytes(_ count: Int64) -> String {
        var (value, unit) = (Double(count), 0)
        let units = ["B", "kB", "MB", "GB", "TB", "PB"]
        while value >= 1_000, unit < units.count - 1 {
            value /= 1_000
            unit += 1
        }
        return unit == 0 ? "\(count) B" : "\((value * 10).rounded() / 10) \(units[unit])"
    }

    /// `850 ms`, `12.3 s`, `4 min`, `7 h`, `3 days`.
    static func age(_ seconds: Double) -> String {
        switch seconds {
        case ..<1: "\(Int((max(0, seconds) * 1_000).rounded())) ms"
        case ..<60: "\((seconds * 10).rounded() / 10) s"
        case ..<7_200: "\(Int(seconds / 60)) min"
        case ..<172_800: "\(Int(seconds / 3_600)) h"
        default: "\(Int(seconds / 86_400)) days"
        }
    }

    /// Rows per second.
    static func rate(_ perSecond: Double) -> String {
        perSecond < 10 ? "\((perSecond * 10).rounded() / 10)/s" : count(Int(perSecond.rounded())) + "/s"
    }
}
