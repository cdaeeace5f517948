import ArgumentParser
import Glibc
import Operations

/// Changes a held row.
struct EditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit",
        abstract: "Gives a held row another payload or other headers; it is published so when its key is released.",
        discussion: """
            The outbox keeps the row as it was written, and the event store keeps its event. The decision keeps \
            payload and headers before and after.

            Headers can be changed in bulk: of the rows that a filter on their parked keys chooses. Payloads cannot, \
            because a preview does not show what becomes of each.

            Examples:
              outboxctl edit 4711 --payload '{"amount": 12}' --reason "the amount was a text"
              outboxctl edit 4711 --payload-file fixed.bin --header tenant=eu --reason "a tenant was missing"
              outboxctl edit --type invoice --error INVALID --rows all --header tenant=eu --reason "it was missing"
            """)

    private static let largestPayload = 16 << 20

    @Argument(help: "The row's outbox_id.")
    var outboxId: Int64?
    @OptionGroup var which: ParkedOptions
    @OptionGroup var rows: BulkRowsOption
    @Option(help: "The new payload, as text.")
    var payload: String?
    @Option(help: "A file with the new payload, as it is; - is standard input.")
    var payloadFile: String?
    @Option(
        name: .customLong("header"), help: "A header NAME=VALUE to set; an empty value removes it. May be repeated.")
    var headers: [String] = []
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var options: DeskOptions

    func validate() throws {
        guard (outboxId == nil) != which.isEmpty else {
            throw ValidationError("say which rows: an id, or \(ParkedOptions.names)")
        }
        guard payload == nil || payloadFile == nil else {
            throw ValidationError("--payload and --payload-file: give one of them")
        }
        if outboxId == nil, payload != nil || payloadFile != nil {
            throw ValidationError("--payload: only headers can be changed in bulk")
        }
        guard rows.rows == nil || outboxId == nil else { throw ValidationError("--rows goes with a filter only") }
        guard payload != nil || payloadFile != nil || !headers.isEmpty else {
            throw ValidationError("nothing would be changed: give --payload, --payload-file or --header")
        }
        for header in headers where header.first == "=" || !header.contains("=") {
            throw ValidationError("--header: '\(header)' is not NAME=VALUE")
        }
    }

    func run() throws {
        guard let outboxId else {
            let desk = try options.open()
            let set = pairs.filter { !$0.value.isEmpty }
            let remove = pairs.filter { $0.value.isEmpty }.keys.sorted()
            return try BulkRunner(options, desk, consent).run(
                .edit(set: set, remove: remove), which.filter(options, desk), rows: rows.value)
        }
        guard let preview = try options.reading({ try $0.previewEdit(outboxId) }) else {
            report("row \(outboxId) is not held; only rows of parked keys can be changed")
            throw ExitCode.failure
        }
        guard try consent.allows(preview, options) else { return }
        let bytes = try payloadFile.map { try Self.read($0) } ?? payload.map { Array($0.utf8) }
        let receipt = try options.acting { desk in
            guard let event = try desk.event(outboxId) else {
                report("there is no row \(outboxId)")
                throw ExitCode.failure
            }
            guard headers.isEmpty || event.headers != nil else {
                throw ValidationError("--header: the present headers are hidden, too long, or cannot be read")
            }
            return try desk.edit(outboxId, payload: bytes, headers: merged(event.headers), reason: consent.why)
        }
        try options.show(receipt) { print(receipt.summary) }
    }

    /// Names and values; an empty value removes the header.
    private var pairs: [String: String] {
        var pairs: [String: String] = [:]
        for header in headers {
            let parts = header.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            pairs[String(parts[0])] = String(parts[1])
        }
        return pairs
    }

    /// nil where no header is to be changed.
    private func merged(_ present: [String: String]?) -> [String: String]? {
        guard !headers.isEmpty else { return nil }
        return (present ?? [:]).merging(pairs) { _, new in new }.filter { pairs[$0.key] == nil || !$0.value.isEmpty }
    }

    private static func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path == "-" ? "/dev/stdin" : path, "r") else {
            throw ValidationError("--payload-file: '\(path)' cannot be read: \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        var (bytes, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 64 << 10))
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 {
            bytes += buffer[..<count]
            guard bytes.count <= largestPayload else {
                throw ValidationError("--payload-file: more than \(largestPayload) bytes")
            }
        }
        return bytes
    }
}
