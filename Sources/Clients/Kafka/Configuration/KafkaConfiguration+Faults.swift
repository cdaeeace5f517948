import CRDKafka
import Glibc
import Threads

// MARK: - Applying

extension KafkaConfiguration {
    /// A new conf object with every property applied. The caller frees it or gives it to ``newClient(_:taking:)``.
    ///
    /// - Throws: `KafkaError` that names the variable of the first property that librdkafka refuses.
    func makeConf() throws(KafkaError) -> OpaquePointer {
        let conf = try Self.emptyConf()
        if let fault = apply(to: conf).first {
            rd_kafka_conf_destroy(conf)
            throw fault.error
        }
        return conf
    }

    private static func emptyConf() throws(KafkaError) -> OpaquePointer {
        guard let conf = rd_kafka_conf_new() else {
            throw KafkaError(.fail, "librdkafka could not allocate a configuration")
        }
        return conf
    }

    /// Applies every property that librdkafka accepts, and returns a fault for each of the others.
    private func apply(to conf: OpaquePointer) -> [KafkaSettingFault] {
        // Defaults first: a setting that names the property by another alias overrides them.
        (defaults.sorted { $0.key < $1.key } + settings.sorted { $0.key < $1.key })
            .compactMap { apply($0.key, valueFiles[$0.key] == nil ? $0.value : current($0.key) ?? $0.value, to: conf) }
    }

    private func apply(_ property: String, _ value: String, to conf: OpaquePointer) -> KafkaSettingFault? {
        var reason = [CChar](repeating: 0, count: KafkaLimits.reasonBytes)
        let result = rd_kafka_conf_set(conf, property, value, &reason, reason.count)
        if result == RD_KAFKA_CONF_OK { return nil }
        return refusal(of: property, unknown: result == RD_KAFKA_CONF_UNKNOWN, reason: text(reason))
    }

    private func refusal(of property: String, unknown: Bool, reason: String) -> KafkaSettingFault {
        let name = variable(for: property)
        if unknown {
            return KafkaSettingFault(
                name,
                "librdkafka has no property \"\(property)\"; remove the variable or correct its name "
                    + "(KAFKA_ + property in capitals, dots as underscores)")
        }
        // librdkafka quotes the value in its reason.
        let detail = Self.isSecret(property) ? "the value is not accepted" : reason
        return KafkaSettingFault(name, "property \"\(property)\" is refused: \(detail)")
    }

    /// The fault behind a reason of `rd_kafka_new`. The reason mentions properties and values; the fault names their
    /// variables.
    func creationFault(_ reason: String) -> KafkaSettingFault {
        var mentioned = settings.keys.filter { reason.contains($0) }
        if mentioned.isEmpty {
            mentioned = settings.filter { !Self.isSecret($0.key) && $0.value.count > 2 && reason.contains($0.value) }
                .map(\.key)
        }
        let variables = mentioned.sorted().map { variable(for: $0) }
        return KafkaSettingFault(
            variables.isEmpty ? "KAFKA_*" : variables.joined(separator: ", "),
            "the Kafka client refuses its configuration: \(reason)")
    }

    /// Makes a client. It takes the conf object, also on failure.
    ///
    /// - Returns: the client, or nil and librdkafka's reason.
    static func newClient(
        _ type: rd_kafka_type_t, taking conf: OpaquePointer
    ) -> (client: OpaquePointer?, reason: String) {
        var reason = [CChar](repeating: 0, count: KafkaLimits.reasonBytes)
        let client = rd_kafka_new(type, conf, &reason, reason.count)
        if client == nil { rd_kafka_conf_destroy(conf) }
        return (client, text(reason))
    }
}

// MARK: - Faults

extension KafkaConfiguration {
    /// The kind of client that a configuration is for.
    public enum ClientKind: Sendable {
        /// A producer that neither loses nor reorders messages.
        case producer
        /// A consumer that takes its offsets from the application.
        case consumer

        var type: rd_kafka_type_t { self == .producer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER }
    }

    /// All faults of a client's configuration that can be found without asking a broker: a client without brokers is
    /// made and thrown away. Blocks for some milliseconds.
    public func faults(of kind: ClientKind) -> [KafkaSettingFault] {
        var complete = kind == .producer ? producerConfiguration() : consumerConfiguration()
        if kind == .consumer { complete.setFallback("group.id", "check") }
        guard let conf = try? Self.emptyConf() else { return [] }
        defer { rd_kafka_conf_destroy(conf) }
        var faults = complete.apply(to: conf)
        if let fault = brokerFault(BrokerList.fault(Self.value("bootstrap.servers", conf))) { faults.append(fault) }
        faults += fileFaults + mechanismFaults(Self.value("security.protocol", conf))
        if kind == .producer { faults += complete.guaranteeFaults(conf) }
        if faults.isEmpty, let fault = complete.creationFault(of: kind) { faults.append(fault) }
        return faults
    }

    /// The value of a property as librdkafka spells it; nil if there is no such property.
    private static func value(_ property: String, _ conf: OpaquePointer) -> String? {
        var buffer = [CChar](repeating: 0, count: 65_536)
        var size = buffer.count
        guard rd_kafka_conf_get(conf, property, &buffer, &size) == RD_KAFKA_CONF_OK else { return nil }
        return text(buffer)
    }

    private func brokerFault(_ message: String?) -> KafkaSettingFault? {
        guard let message else { return nil }
        let property = settings.keys.first { $0 == "metadata.broker.list" } ?? "bootstrap.servers"
        return KafkaSettingFault(variable(for: property), message)
    }

    /// Only clients with TLS open these files; a path without a file is a mistake in any.
    private var fileFaults: [KafkaSettingFault] {
        [
            "ssl.ca.location", "ssl.certificate.location", "ssl.key.location", "ssl.keystore.location",
            "ssl.crl.location",
        ]
        .compactMap { property in
            guard let path = settings[property], path != "probe", access(path, R_OK) != 0 else { return nil }
            return KafkaSettingFault(variable(for: property), SystemError("cannot read \(path)").description)
        }
    }

    /// Without a mechanism librdkafka chooses Kerberos, and then demands a keytab.
    private func mechanismFaults(_ securityProtocol: String?) -> [KafkaSettingFault] {
        guard securityProtocol?.hasPrefix("sasl") == true,
            !settings.keys.contains(where: { $0.hasPrefix("sasl.mechanism") || $0.hasPrefix("sasl.kerberos") })
        else { return [] }
        return [
            KafkaSettingFault(
                "KAFKA_SASL_MECHANISMS", "not set; give PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER")
        ]
    }

    private func creationFault(of kind: ClientKind) -> KafkaSettingFault? {
        var alone = self
        for property in ["bootstrap.servers", "metadata.broker.list"] { alone[property] = nil }
        guard let conf = try? alone.makeConf() else { return nil }
        let (client, reason) = Self.newClient(kind.type, taking: conf)
        guard let client else { return creationFault(reason) }
        rd_kafka_destroy_flags(client, Int32(RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE))
        return nil
    }
}

// MARK: - Guarantees

extension KafkaConfiguration {
    /// Settings with which a producer would lose, repeat or reorder messages.
    private func guaranteeFaults(_ conf: OpaquePointer) -> [KafkaSettingFault] {
        var faults: [KafkaSettingFault] = []
        if Self.value("acks", conf).map({ $0 != "-1" && $0 != "all" }) == true {
            faults += fault(
                ["acks", "request.required.acks"],
                "must be all: a row that only one broker has is lost with that broker")
        }
        if Self.value("enable.idempotence", conf) == "false" {
            faults += fault(
                ["enable.idempotence"], "must be true: otherwise a retry repeats messages and puts them out of order")
        }
        // librdkafka's default is larger, and librdkafka lowers it where nothing is set.
        let inFlight = ["max.in.flight", "max.in.flight.requests.per.connection"]
        if inFlight.contains(where: { settings[$0] != nil }),
            Self.value("max.in.flight", conf).flatMap({ Int($0) }) ?? 0 > 5
        {
            faults += fault(inFlight, "must be 1 to 5: brokers keep the order of no more requests than that")
        }
        if Self.value("enable.gapless.guarantee", conf) == "false", settings["enable.gapless.guarantee"] != nil {
            faults += fault(
                ["enable.gapless.guarantee"], "must be true: otherwise messages overtake one that was refused")
        }
        if Self.value("partitioner", conf) == "random" {
            faults += fault(
                ["partitioner"], "must not be random: a key would not stay in one partition, and have no order")
        }
        return faults
    }

    private func fault(_ aliases: [String], _ message: String) -> [KafkaSettingFault] {
        let property = aliases.first { settings[$0] != nil } ?? aliases[0]
        return [KafkaSettingFault(variable(for: property), message)]
    }
}

// MARK: - Brokers

/// `host:port,...`, the form of `bootstrap.servers`.
enum BrokerList {
    /// Says what is wrong with a list; nil if librdkafka can make a broker of every entry.
    static func fault(_ text: String?) -> String? {
        let entries = (text ?? "").split(separator: ",").map { $0.filter { !$0.isWhitespace } }.filter { !$0.isEmpty }
        guard !entries.isEmpty else { return "names no broker; give host:port of at least one, separated by commas" }
        for entry in entries {
            // PLAINTEXT://host:9092 is taken as well, and [::1]:9092.
            let address = entry.firstRange(of: "://").map { entry[$0.upperBound...] } ?? entry[...]
            let host = address.hasPrefix("[") ? address.prefix { $0 != "]" }.dropFirst() : address.prefix { $0 != ":" }
            guard !host.isEmpty else { return "'\(entry)' has no host; give host:port" }
            let rest = address.hasPrefix("[") ? address.drop { $0 != "]" }.dropFirst() : address.drop { $0 != ":" }
            guard rest.isEmpty || rest.hasPrefix(":") && (1...65535).contains(Int(rest.dropFirst()) ?? 0) else {
                return "'\(entry)' has no port from 1 to 65535; give host:port"
            }
        }
        return nil
    }
}
