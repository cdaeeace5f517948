import Foundation

/// A Kafka that is strict about transactions, sequence numbers and sizes, in a process of its own:
/// `Tests/Clients/strict_kafka`. It ends with the test process.
public final class StrictKafka: Sendable {
    /// For `bootstrap.servers`.
    public let address: String
    private let helper: HelperProcess

    /// Starts it on any free port. Blocks: use a thread of its own.
    public convenience init() throws { try self.init(arguments: []) }

    /// Starts it behind a proxy: its clients learn the proxy's address only. Blocks.
    ///
    /// - Parameter port: where the proxy finds it.
    public convenience init(port: Int, behind proxy: TestProxy) throws {
        try self.init(arguments: ["--port", "\(port)", "--advertised-port", "\(proxy.port)"])
    }

    /// Starts it on any free port, with TLS. It asks its clients for a certificate. Blocks.
    ///
    /// - Parameters:
    ///   - certificate: the path of its own, with the name `127.0.0.1`.
    ///   - clientAuthority: the path of the authority of its clients.
    public convenience init(certificate: String, key: String, clientAuthority: String) throws {
        try self.init(arguments: ["--tls", certificate, key, clientAuthority])
    }

    /// Starts it on any free port. Its clients show a password by SASL PLAIN. Blocks.
    ///
    /// - Parameter passwordFile: has the password, which is read at each connect.
    public convenience init(passwordFile: String) throws {
        try self.init(arguments: ["--password-file", passwordFile])
    }

    /// Starts it so many milliseconds of round trip away. Blocks.
    public convenience init(latencyMilliseconds: Int) throws {
        try self.init(arguments: ["--latency", "\(Double(latencyMilliseconds) / 1_000)", "--request-time", "0.0005"])
    }

    private init(arguments: [String]) throws {
        // No compiled files are left in the checkout.
        helper = try HelperProcess(
            "/usr/bin/python3", ["-B", TestPaths.root.appending(path: "Tests/Clients/strict_kafka").path] + arguments)
        let announced = try helper.line()
        let variable = "KAFKA_BOOTSTRAP_SERVERS="
        guard announced.hasPrefix(variable) else { throw TestFailure("the strict Kafka said '\(announced)'") }
        address = String(announced.dropFirst(variable.count))
    }

    /// Sends one line of its control protocol, such as `lose end-txn`. Blocks.
    ///
    /// - Returns: the text after `ok` in the answer.
    @discardableResult
    public func control(_ line: String) throws -> String {
        let answer = try helper.ask(line)
        guard answer.hasPrefix("ok") else { throw TestFailure("the strict Kafka answered '\(answer)' to '\(line)'") }
        return String(answer.dropFirst("ok ".count))
    }

    /// The sum of its counters whose names begin so: `end-txn:` counts refusals, `expired` counts transactions. Blocks.
    public func count(of prefix: String) throws -> Int {
        try control("status").split(separator: " ").filter { $0.hasPrefix(prefix) }
            .compactMap { Int($0.drop { $0 != "=" }.dropFirst()) }.reduce(0, +)
    }

    /// Ends the process.
    public func close() { helper.end() }
}
