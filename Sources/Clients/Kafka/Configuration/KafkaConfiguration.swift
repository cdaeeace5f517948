import Values

/// librdkafka properties for one client, as names and values; any property of librdkafka's CONFIGURATION.md may be set.
///
/// Two layers: defaults (this module's, or an application's through `setDefault`) and settings, which win, also where
/// they use another alias of the same property (`acks` and `request.required.acks`). Nothing is checked until a client
/// is created or `faults(of:)` is called; then an error names the environment variable at fault.
public struct KafkaConfiguration: Sendable, CustomStringConvertible {
    /// The values that were set, by property.
    public private(set) var settings: [String: String]
    /// The values that a setting of the same property overrides, by property.
    public private(set) var defaults: [String: String] = [:]
    /// The environment variable that each setting came from, by property.
    private var sources: [String: String] = [:]
    /// The files that settings came from, by property: each new client reads them again.
    private(set) var valueFiles: [String: String] = [:]

    /// - Parameter settings: values by property.
    public init(_ settings: [String: String] = [:]) {
        self.settings = settings
    }

    /// - Parameter bootstrapServers: `host:port,…`.
    public init(bootstrapServers: String) {
        self.settings = ["bootstrap.servers": bootstrapServers]
    }

    /// The setting, else the default, else nil: librdkafka's own default is not consulted.
    public subscript(property: String) -> String? {
        get { settings[property] ?? defaults[property] }
        set {
            settings[property] = newValue
            sources[property] = nil
            valueFiles[property] = nil
        }
    }

    /// Sets a value that any setting of the same property overrides, also under another alias.
    public mutating func setDefault(_ property: String, _ value: String) {
        defaults[property] = value
    }

    /// Sets a value unless a default exists already; for the layers below an application's own defaults.
    mutating func setFallback(_ property: String, _ value: String) {
        if defaults[property] == nil { defaults[property] = value }
    }

    /// The value that a property has now: what its file says, or, if the file cannot be read in the middle of a change,
    /// what it said last.
    func current(_ property: String) -> String? {
        guard let path = valueFiles[property] else { return self[property] }
        return (try? SecretFile.read(path, maximumBytes: KafkaLimits.secretFileBytes)) ?? self[property]
    }

    private mutating func set(_ property: String, _ value: String, from variable: String) {
        settings[property] = value
        sources[property] = variable
    }

    /// The variable that sets a property: `KAFKA_` and the name in capitals, dots as underscores.
    static func environmentVariable(for property: String) -> String {
        "KAFKA_" + property.uppercased().split(separator: ".", omittingEmptySubsequences: false).joined(separator: "_")
    }

    /// Whether a property's value must never be shown.
    static func isSecret(_ property: String) -> Bool {
        property.contains("password") || property.contains("secret") || property == "ssl.key.pem"
            || property == "sasl.oauthbearer.config"
    }

    /// Sorted `name=value` pairs with secrets masked: safe to log.
    public var description: String {
        settings.merging(defaults) { setting, _ in setting }
            .sorted { $0.key < $1.key }
            .map { "\($0.key)=\(Self.isSecret($0.key) ? "***" : $0.value)" }
            .joined(separator: " ")
    }

    /// The variable to change: the one that the setting came from, or the one that would set it.
    func variable(for property: String) -> String {
        sources[property] ?? Self.environmentVariable(for: property)
    }
}

// MARK: - Environment

extension KafkaConfiguration {
    /// Properties whose own name has an underscore, so that the variable's underscores are not all dots.
    private static let underscored: [String: String] = ["KAFKA_LOG_LEVEL": "log_level"]

    /// Reads the pass-through variables: `KAFKA_BOOTSTRAP_SERVERS` sets `bootstrap.servers`, `KAFKA_X_Y` sets `x.y`.
    ///
    /// - `KAFKA_X_Y_FILE` names a file with the value (one line end at its end is dropped); meant for secrets.
    /// - Empty variables count as absent.
    /// - The variables that Kubernetes sets for a service named `kafka` (`KAFKA_PORT`, `KAFKA_SERVICE_HOST`, …) are
    ///   ignored.
    /// - Values are not checked; see ``faults(of:)``.
    ///
    /// - Parameters:
    ///   - excluding: variables of the application that begin with `KAFKA_` but are no properties.
    ///   - origins: for errors, the variable that a value was taken from, where it is another one.
    ///   - report: takes a fault of a variable that cannot be read; the others are read all the same.
    public static func fromEnvironment(
        _ environment: [String: String], excluding: Set<String> = [], origins: [String: String] = [:],
        report: (KafkaSettingFault) -> Void
    ) -> KafkaConfiguration {
        var result = KafkaConfiguration()
        for (variable, value) in environment.sorted(by: { $0.key < $1.key }) {
            guard variable.hasPrefix("KAFKA_"), !value.isEmpty, !excluding.contains(variable),
                !isServiceLink(variable)
            else { continue }
            let origin = origins[variable] ?? variable
            guard variable.hasSuffix("_FILE") else {
                result.set(property(for: variable), value, from: origin)
                continue
            }
            let plain = String(variable.dropLast("_FILE".count))
            if let other = environment[plain], !other.isEmpty {
                report(KafkaSettingFault(origin, "\(plain) is set too; keep one of the two"))
                continue
            }
            do {
                let secret = try SecretFile.read(value, maximumBytes: KafkaLimits.secretFileBytes)
                result.set(property(for: plain), secret, from: origin)
                result.valueFiles[property(for: plain)] = value
            } catch {
                report(KafkaSettingFault(origin, "\(error)"))
            }
        }
        return result
    }

    /// The same for a caller that needs only one fault.
    ///
    /// - Throws: `KafkaError` with `.invalidArgument` that names the variable.
    public static func fromEnvironment(
        _ environment: [String: String], excluding: Set<String> = []
    ) throws(KafkaError) -> KafkaConfiguration {
        var faults: [KafkaSettingFault] = []
        let result = fromEnvironment(environment, excluding: excluding) { faults.append($0) }
        if let fault = faults.first { throw fault.error }
        return result
    }

    /// The property that a variable sets.
    static func property(for variable: String) -> String {
        underscored[variable]
            ?? variable.dropFirst("KAFKA_".count).lowercased().split(separator: "_", omittingEmptySubsequences: false)
            .joined(separator: ".")
    }

    private static func isServiceLink(_ variable: String) -> Bool {
        variable == "KAFKA_PORT" || variable.hasPrefix("KAFKA_PORT_") || variable.hasPrefix("KAFKA_SERVICE_")
    }
}

// MARK: - Defaults

extension KafkaConfiguration {
    /// Defaults of every producer: nothing lost, nothing reordered, placed like Java's clients, memory bounded.
    func producerConfiguration() -> KafkaConfiguration {
        var result = commonConfiguration()
        result.setFallback("enable.idempotence", "true")
        result.setFallback("acks", "all")
        // The partitioner of the Java clients: a key has the same partition when another tool writes to the topic.
        result.setFallback("partitioner", "murmur2_random")
        result.setFallback("compression.type", "lz4")
        result.setFallback("request.timeout.ms", String(KafkaLimits.brokerAnswerMilliseconds))
        // Messages gather while requests are in flight. A linger of 1 ms raised the latency of a lone message from
        // 0.05 ms to 1.2 ms and gained no throughput.
        result.setFallback("linger.ms", "0")
        result.setFallback("queue.buffering.max.messages", String(KafkaLimits.producerQueueMessages))
        result.setFallback("queue.buffering.max.kbytes", String(KafkaLimits.producerQueueKilobytes))
        if result["transactional.id"] == nil {
            // A message is retried for as long as the brokers are away: the messages behind one that is given up would
            // overtake it.
            result.setFallback("message.timeout.ms", "0")
        }
        return result
    }

    /// Defaults of every consumer: it never guesses an offset and stores none by itself, memory bounded.
    func consumerConfiguration() -> KafkaConfiguration {
        var result = commonConfiguration()
        result.setFallback("enable.auto.commit", "false")
        result.setFallback("enable.auto.offset.store", "false")
        result.setFallback("auto.offset.reset", "error")
        result.setFallback("isolation.level", "read_committed")
        // Eager: an application that keeps its own offsets reads them all again at each assignment, so its state is
        // exactly that of the last assignment. With one topic and few members the pause is one round trip.
        result.setFallback("partition.assignment.strategy", "range,roundrobin")
        result.setFallback("queued.max.messages.kbytes", String(KafkaLimits.consumerQueueKilobytes))
        result.setFallback("queued.min.messages", String(KafkaLimits.consumerQueueRecords))
        result.setFallback("fetch.max.bytes", String(KafkaLimits.bytesPerBatch))
        return result
    }

    /// Whether the other settings let a broker take so long: librdkafka refuses a transaction that is shorter.
    private func allowsAnswer(of milliseconds: Int) -> Bool {
        guard let transaction = self["transaction.timeout.ms"].flatMap({ Int($0) }) else { return true }
        return transaction >= milliseconds + KafkaLimits.transactionMarginMilliseconds
    }

    private func commonConfiguration() -> KafkaConfiguration {
        var result = self
        result.setFallback("client.id", "transactional-outbox")
        result.setFallback("socket.nagle.disable", "true")
        result.setFallback("socket.keepalive.enable", "true")
        result.setFallback("reconnect.backoff.max.ms", "1000")
        result.setFallback("socket.connection.setup.timeout.ms", String(KafkaLimits.brokerConnectMilliseconds))
        // librdkafka waits for a minute on a connection that a firewall forgot.
        if allowsAnswer(of: KafkaLimits.brokerAnswerMilliseconds) {
            result.setFallback("socket.timeout.ms", String(KafkaLimits.brokerAnswerMilliseconds))
        }
        // Logs reach the event sink through the queue, on the thread that polls.
        result["log.queue"] = "true"
        return result
    }
}
