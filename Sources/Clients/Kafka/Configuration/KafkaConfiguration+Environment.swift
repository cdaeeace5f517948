import Values

extension KafkaConfiguration {
    /// Properties whose own name has an underscore, so that the variable's underscores are not all dots.
    private static let underscored: [String: String] = ["KAFKA_LOG_LEVEL": "log_level"]

    /// Reads the pass-through variables: `KAFKA_BOOTSTRAP_SERVERS` sets `bootstrap.servers`, `KAFKA_X_Y` sets `x.y`.
    ///
    /// - `KAFKA_X_Y_FILE` names a file with the value (one line end at its end is dropped); meant for secrets.
    /// - Empty variables count as absent.
    /// - What Kubernetes injects for a service named `kafka` (`KAFKA_PORT`, `KAFKA_SERVICE_HOST`, …) is passed over.
    /// - `excluding` lists variables of the application that begin with `KAFKA_` but are no properties.
    /// - `origins` names, for errors, the variable a value was really taken from where that is another one.
    /// - `report` takes what cannot be read; the rest is read all the same. See also ``faults(of:)``.
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
            } catch {
                report(KafkaSettingFault(origin, "\(error)"))
            }
        }
        return result
    }

    /// The same for callers to whom one fault is enough.
    public static func fromEnvironment(
        _ environment: [String: String], excluding: Set<String> = []
    ) throws(KafkaError) -> KafkaConfiguration {
        var faults: [KafkaSettingFault] = []
        let result = fromEnvironment(environment, excluding: excluding) { faults.append($0) }
        if let fault = faults.first { throw fault.error }
        return result
    }

    static func property(for variable: String) -> String {
        underscored[variable]
            ?? variable.dropFirst("KAFKA_".count).lowercased().split(separator: "_", omittingEmptySubsequences: false)
            .joined(separator: ".")
    }

    private static func isServiceLink(_ variable: String) -> Bool {
        variable == "KAFKA_PORT" || variable.hasPrefix("KAFKA_PORT_") || variable.hasPrefix("KAFKA_SERVICE_")
    }
}
