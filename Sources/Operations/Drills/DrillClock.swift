import Glibc
import Threads

/// The clock of one process, by libfaketime: its time of day is set while it runs; its monotonic clock is the
/// machine's.
struct DrillClock {
    /// Debian's; nil where it is not installed.
    static let library: String? = ["x86_64", "aarch64"].lazy
        .map { "/usr/lib/\($0)-linux-gnu/faketime/libfaketimeMT.so.1" }
        .first { access($0, R_OK) == 0 }

    private let path: String

    /// - Parameter name: of the process.
    init(_ name: String, in folder: String) throws {
        path = "\(folder)/clock-\(name)"
        try step(seconds: 0)
    }

    /// For the process.
    var environment: [String: String] {
        [
            "LD_PRELOAD": Self.library ?? "", "FAKETIME_TIMESTAMP_FILE": path, "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_CACHE_DURATION": "1", "FAKETIME_DONT_RESET": "1",
        ]
    }

    /// From now on, or a second later, the clock differs so much from the machine's.
    func step(seconds: Int) throws {
        guard let file = fopen(path + ".new", "w") else { throw SystemError("cannot write \(path)") }
        fputs("\(seconds < 0 ? "-" : "+")\(abs(seconds))\n", file)
        fclose(file)
        guard rename(path + ".new", path) == 0 else { throw SystemError("cannot write \(path)") }
    }
}
