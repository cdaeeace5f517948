import CRDKafka
import Synchronization

/// User name and password of SASL (PLAIN, SCRAM) that come from files: a client takes new ones for its next connect.
/// Connections that are open go on.
final class KafkaCredentials: Sendable {
    static let properties: Set<String> = ["sasl.username", "sasl.password"]

    private let configuration: KafkaConfiguration
    private let paths: [String]
    private let files: Mutex<KafkaFiles>

    /// nil if neither comes from a file.
    init?(_ configuration: KafkaConfiguration) {
        paths = Self.properties.compactMap { configuration.valueFiles[$0] }
        guard !paths.isEmpty else { return nil }
        self.configuration = configuration
        // Before the client reads them: a file that changes meanwhile counts as changed.
        files = Mutex(KafkaFiles(paths: paths))
    }

    /// Gives the client what the files say, if they have changed since the last time. Costs a call of `stat` per file.
    ///
    /// - Returns: whether they have.
    func renew(_ client: OpaquePointer) -> Bool {
        let haveChanged = files.withLock { files in
            guard files.haveChanged else { return false }
            files = KafkaFiles(paths: paths)
            return true
        }
        guard haveChanged, let user = configuration.current("sasl.username"),
            let password = configuration.current("sasl.password")
        else { return false }
        if let error = rd_kafka_sasl_set_credentials(client, user, password) {
            rd_kafka_error_destroy(error)
            return false
        }
        return true
    }
}
