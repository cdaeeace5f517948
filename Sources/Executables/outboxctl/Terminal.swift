import Glibc
import Values

/// Standard output, as far as it is a terminal.
enum Terminal {
    /// Whether people see the output directly.
    static let isTerminal = isatty(STDOUT_FILENO) == 1

    /// Colour is for terminals, unless `NO_COLOR` is set or the terminal has none.
    static let hasColour: Bool = {
        let isRefused = getenv("NO_COLOR").map { $0.pointee != 0 } ?? false
        let isDumb = getenv("TERM").map { String(cString: $0) == "dumb" } ?? false
        return isTerminal && !isRefused && !isDumb
    }()

    /// Columns of the terminal; nil where lines may have any length.
    static var width: Int? {
        var size = winsize()
        guard isTerminal, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// The colours of words that say how well something is.
    enum Tone: String {
        case good = "32"
        case attention = "33"
        case bad = "31"
        case quiet = "2"
        case strong = "1"
    }

    /// The text in a colour, or as it is.
    static func coloured(_ text: String, _ tone: Tone?) -> String {
        guard hasColour, let tone, !text.isEmpty else { return text }
        return "\u{1B}[\(tone.rawValue)m\(text)\u{1B}[0m"
    }

    /// Begins a screen that is drawn again and again; does nothing where the output is no terminal.
    static func clear() {
        if isTerminal { print("\u{1B}[H\u{1B}[2J", terminator: "") }
    }

    /// Asks a question that `y` or `yes` affirms.
    static func confirms(_ question: String) -> Bool {
        report("\(question) [y/N]", end: " ")
        return ["y", "yes"].contains((readLine() ?? "").lowercased())
    }

    /// Whether there is a person to ask.
    static var canAsk: Bool { isatty(STDIN_FILENO) == 1 }
}

/// Prints a line with outside text, which must not steer the terminal.
func say(_ text: String) { print(Escaping.controls(text)) }

/// Writes a line to standard error: standard output has what a script may read.
func report(_ text: String, end: String = "\n") {
    let line = Array((text + end).utf8)
    _ = write(STDERR_FILENO, line, line.count)
}
