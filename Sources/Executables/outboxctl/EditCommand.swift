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

            Examples:
              outboxctl edit 4711 --payload '{"amount": 12}' --reason "the amount was a text"
              outboxctl edit 4711 --payload-file fixed.bin --header tenant=eu --reason "a tenant was missing"
            """)

    private static let largestPayload = 16 << 20

    @Argument(help: "The row's outbox_id.")
    var outboxId: Int64
    @Option(help: "The new payload, as text.")
    var payload: String?
    @Option(help: "A file with the new payload, as it is; - is standard input.")
    var payloadFile: String?
    @Option(
        name: .customLong("header"), help: "A header NAME=VALUE to set; an empty value removes it. May be repeated.")
    var headers: [String] = []
    @OptionGroup var why: ReasonOption
    @OptionGroup var options: DeskOptions

    func validate() throws {
        guard payload == nil || payloadFile == nil else {
            throw ValidationError("--payload and --payload-file: give one of them")
        }
        for header in headers where header.first == "=" || !header.contains("=") {
            throw ValidationError("--header: '\(header)' is not NAME=VALUE")
        }
    }

    func run() throws {
        let bytes = try payloadFile.map { try Self.read($0) } ?? payload.map { Array($0.utf8) }
        let receipt = try options.acting { desk in
            guard let event = try desk.event(outboxId) else { throw ValidationError("there is no row \(outboxId)") }
            guard headers.isEmpty || event.headers != nil else {
                throw ValidationError("--header: the present headers are hidden or cannot be read")
            }
            return try desk.edit(outboxId, payload: bytes, headers: merged(event.headers), reason: why.reason)
        }
        try options.show(receipt) { print(receipt.summary) }
    }

    /// nil where no header is to be changed.
    private func merged(_ present: [String: String]?) -> [String: String]? {
        guard !headers.isEmpty else { return nil }
        var merged = present ?? [:]
        for header in headers {
            let parts = header.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            merged[String(parts[0])] = parts[1].isEmpty ? nil : String(parts[1])
        }
        return merged
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
