import CRDKafka
import Glibc

extension KafkaConfiguration {
    /// Everything that is wrong with the configuration of a client, as far as it can be told without asking a broker: a
    /// client without brokers is made and thrown away.
    public func faults(of kind: KafkaClientKind) -> [KafkaSettingFault] {
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

    /// A property as librdkafka spells it; nil if it has none.
    static func value(_ property: String, _ conf: OpaquePointer) -> String? {
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

    /// Files are opened only by clients with TLS; a path that leads nowhere is a mistake in any.
    private var fileFaults: [KafkaSettingFault] {
        [
            "ssl.ca.location", "ssl.certificate.location", "ssl.key.location", "ssl.keystore.location",
            "ssl.crl.location",
        ]
        .compactMap { property in
            guard let path = settings[property], path != "probe", access(path, R_OK) != 0 else { return nil }
            return KafkaSettingFault(
                variable(for: property), "cannot read \(path): \(String(cString: strerror(errno)))")
        }
    }

    /// Who names no mechanism gets Kerberos of librdkafka, which then asks for a keytab.
    private func mechanismFaults(_ securityProtocol: String?) -> [KafkaSettingFault] {
        guard securityProtocol?.hasPrefix("sasl") == true,
            !settings.keys.contains(where: { $0.hasPrefix("sasl.mechanism") || $0.hasPrefix("sasl.kerberos") })
        else { return [] }
        return [
            KafkaSettingFault(
                "KAFKA_SASL_MECHANISMS", "not set; give PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER")
        ]
    }

    private func creationFault(of kind: KafkaClientKind) -> KafkaSettingFault? {
        var alone = self
        for property in ["bootstrap.servers", "metadata.broker.list"] { alone[property] = nil }
        guard let conf = try? alone.makeConf() else { return nil }
        var reason = [CChar](repeating: 0, count: 512)
        let type = kind == .producer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER
        guard let client = rd_kafka_new(type, conf, &reason, reason.count) else {
            rd_kafka_conf_destroy(conf)
            return creationFault(text(reason))
        }
        rd_kafka_destroy_flags(client, Int32(RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE))
        return nil
    }
}
