internal import CRDKafka

extension KafkaConfiguration {
    /// A new conf object with every property applied. The caller frees it or gives it to `rd_kafka_new`.
    func makeConf() throws(KafkaError) -> OpaquePointer {
        guard let conf = rd_kafka_conf_new() else {
            throw KafkaError(.fail, "librdkafka could not allocate a configuration")
        }
        do {
            // Defaults first: a setting that names the property by another alias overrides them.
            for (property, value) in defaults.sorted(by: { $0.key < $1.key }) {
                try apply(property, value, to: conf)
            }
            for (property, value) in settings.sorted(by: { $0.key < $1.key }) {
                try apply(property, value, to: conf)
            }
        } catch {
            rd_kafka_conf_destroy(conf)
            throw error
        }
        return conf
    }

    private func apply(_ property: String, _ value: String, to conf: OpaquePointer) throws(KafkaError) {
        var reason = [CChar](repeating: 0, count: 512)
        let result = rd_kafka_conf_set(conf, property, value, &reason, reason.count)
        if result == RD_KAFKA_CONF_OK { return }
        throw refusal(of: property, unknown: result == RD_KAFKA_CONF_UNKNOWN, reason: text(reason))
    }

    private func refusal(of property: String, unknown: Bool, reason: String) -> KafkaError {
        let name = variable(for: property)
        if unknown {
            return KafkaError(
                .invalidArgument,
                "\(name): librdkafka has no property \"\(property)\"; remove the variable or correct its name "
                    + "(KAFKA_ + property in capitals, dots as underscores)")
        }
        // librdkafka quotes the value in its reason.
        let detail = Self.isSecret(property) ? "the value is not accepted" : reason
        return KafkaError(.invalidArgument, "\(name): property \"\(property)\" is refused: \(detail)")
    }

    /// The error of `rd_kafka_new`, which speaks of properties: the variables of those it mentions are added.
    func creationFailure(_ reason: String) -> KafkaError {
        let mentioned = settings.keys.filter { reason.contains($0) }.sorted().map { variable(for: $0) }
        let hint = mentioned.isEmpty ? "" : " (see \(mentioned.joined(separator: ", ")))"
        return KafkaError(.invalidArgument, "Kafka client refused its configuration: \(reason)\(hint)")
    }
}

/// The text of a NUL-terminated buffer that C filled.
func text(_ buffer: [CChar]) -> String {
    String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
