import CRDKafka

extension KafkaConfiguration {
    /// A new conf object with every property applied. The caller frees it or gives it to `rd_kafka_new`.
    func makeConf() throws(KafkaError) -> OpaquePointer {
        let conf = try Self.emptyConf()
        if let fault = apply(to: conf).first {
            rd_kafka_conf_destroy(conf)
            throw fault.error
        }
        return conf
    }

    static func emptyConf() throws(KafkaError) -> OpaquePointer {
        guard let conf = rd_kafka_conf_new() else {
            throw KafkaError(.fail, "librdkafka could not allocate a configuration")
        }
        return conf
    }

    /// Applies every property that librdkafka takes; what is wrong with the others.
    func apply(to conf: OpaquePointer) -> [KafkaSettingFault] {
        // Defaults first: a setting that names the property by another alias overrides them.
        (defaults.sorted { $0.key < $1.key } + settings.sorted { $0.key < $1.key })
            .compactMap { apply($0.key, $0.value, to: conf) }
    }

    private func apply(_ property: String, _ value: String, to conf: OpaquePointer) -> KafkaSettingFault? {
        var reason = [CChar](repeating: 0, count: 512)
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

    /// The error of `rd_kafka_new`, which speaks of properties and values: the variables of those it mentions are
    /// named.
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
}

/// The text of a NUL-terminated buffer that C filled.
func text(_ buffer: [CChar]) -> String {
    String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
