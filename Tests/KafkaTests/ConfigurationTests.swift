import Foundation
import Testing

@testable import Kafka

@Suite(.ownThread) struct ConfigurationTests {
    /// All faults, one a line.
    private func failure(_ environment: [String: String], _ kind: KafkaConfiguration.ClientKind = .producer) -> String {
        var faults: [KafkaSettingFault] = []
        let common = ["KAFKA_BOOTSTRAP_SERVERS": "localhost:1"]
        let configuration = KafkaConfiguration.fromEnvironment(common.merging(environment) { $1 }) { faults.append($0) }
        return (faults + configuration.faults(of: kind)).map { "\($0.variable): \($0.message)" }.joined(separator: "\n")
    }

    @Test func variablesBecomeProperties() throws {
        let configuration = try KafkaConfiguration.fromEnvironment(
            [
                "KAFKA_BOOTSTRAP_SERVERS": "a:1,b:2", "KAFKA_LINGER_MS": "5", "KAFKA_LOG_LEVEL": "3",
                "KAFKA_EMPTY": "", "PATH": "/bin", "KAFKA_PORT": "tcp://10.0.0.1:9092",
                "KAFKA_PORT_9092_TCP_ADDR": "10.0.0.1", "KAFKA_SERVICE_HOST": "10.0.0.1", "KAFKA_OURS": "1",
            ], excluding: ["KAFKA_OURS"])
        #expect(configuration.settings == ["bootstrap.servers": "a:1,b:2", "linger.ms": "5", "log_level": "3"])
        #expect(configuration.faults(of: .producer).isEmpty)
    }

    @Test func anUnknownPropertyNamesItsVariable() {
        let message = failure(["KAFKA_LINGERING_MS": "5"])
        #expect(message.contains("KAFKA_LINGERING_MS") && message.contains("lingering.ms"))
    }

    @Test func aBadValueNamesItsVariableAndReason() {
        let message = failure(["KAFKA_LINGER_MS": "soon"])
        #expect(message.contains("KAFKA_LINGER_MS") && message.contains("linger.ms"), "\(message)")
        let enumeration = failure(["KAFKA_COMPRESSION_TYPE": "best"])
        #expect(enumeration.contains("KAFKA_COMPRESSION_TYPE") && enumeration.contains("best"), "\(enumeration)")
    }

    @Test func contradictionsFoundAtCreationNameTheirVariables() throws {
        let configuration = try KafkaConfiguration.fromEnvironment([
            "KAFKA_BOOTSTRAP_SERVERS": "localhost:1", "KAFKA_ACKS": "1",
        ])
        let error = #expect(throws: KafkaError.self) { try KafkaProducer(configuration) }
        #expect(error?.message.contains("KAFKA_ACKS") == true, "\(String(describing: error))")
    }

    @Test func secretsComeFromFilesAndAreNeverShown() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try "hunter2\n".write(to: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: path) }
        let configuration = try KafkaConfiguration.fromEnvironment(["KAFKA_SASL_PASSWORD_FILE": path.path])
        #expect(configuration["sasl.password"] == "hunter2")
        #expect(configuration.description == "sasl.password=***")
        #expect(failure(["KAFKA_SASL_PASSWORD_FILE": "/nowhere"]).contains("KAFKA_SASL_PASSWORD_FILE"))
        let both = failure(["KAFKA_SASL_PASSWORD_FILE": path.path, "KAFKA_SASL_PASSWORD": "hunter3"])
        #expect(both.contains("KAFKA_SASL_PASSWORD is set too") && !both.contains("hunter"))
    }

    @Test func settingsOverrideDefaultsAlsoByAnotherAlias() throws {
        var configuration = KafkaConfiguration(bootstrapServers: "localhost:1")
        configuration["compression.codec"] = "zstd"
        let producer = configuration.producerConfiguration()
        #expect(try confValue(producer.makeConf(), "compression.type") == "zstd")
        #expect(try confValue(producer.makeConf(), "message.timeout.ms") == "0")
    }

    @Test func everyFaultIsTold() {
        let said = failure([
            "KAFKA_FOO": "1", "KAFKA_LINGER_MS": "soon", "KAFKA_SASL_PASSWORD_FILE": "/nowhere", "KAFKA_ACKS": "1",
        ])
        for variable in ["KAFKA_FOO", "KAFKA_LINGER_MS", "KAFKA_SASL_PASSWORD_FILE", "KAFKA_ACKS"] {
            #expect(said.contains("\(variable): "), "\(said)")
        }
        #expect(said.split(separator: "\n", omittingEmptySubsequences: false).count == 4, "\(said)")
    }

    /// Settings must not weaken the guarantees of the relay.
    @Test(arguments: [
        ["KAFKA_ACKS": "1"], ["KAFKA_ACKS": "0"], ["KAFKA_REQUEST_REQUIRED_ACKS": "1"],
        ["KAFKA_ENABLE_IDEMPOTENCE": "0"],
        ["KAFKA_ENABLE_IDEMPOTENCE": "False"], ["KAFKA_MAX_IN_FLIGHT": "10"],
        ["KAFKA_MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION": "6"],
        ["KAFKA_ENABLE_GAPLESS_GUARANTEE": "false"], ["KAFKA_PARTITIONER": "random"],
    ])
    func whatBreaksAPromiseIsRefused(_ setting: [String: String]) throws {
        let variable = try #require(setting.keys.first)
        #expect(failure(setting).hasPrefix("\(variable): must "), "\(failure(setting))")
        // Another fault does not hide this one.
        #expect(failure(setting.merging(["KAFKA_ENABLE_IDEMPOTENCE": "no"]) { old, _ in old }).contains(variable))
    }

    @Test(arguments: [
        ["KAFKA_ACKS": "all"], ["KAFKA_ACKS": "-1"], ["KAFKA_ENABLE_IDEMPOTENCE": "1"], ["KAFKA_MAX_IN_FLIGHT": "5"],
        ["KAFKA_PARTITIONER": "murmur2"], ["KAFKA_SECURITY_PROTOCOL": "ssl"], ["KAFKA_TRANSACTIONAL_ID": "one"],
        [
            "KAFKA_SECURITY_PROTOCOL": "sasl_plaintext", "KAFKA_SASL_MECHANISM": "PLAIN", "KAFKA_SASL_USERNAME": "u",
            "KAFKA_SASL_PASSWORD": "p",
        ],
    ])
    func whatKeepsThePromisesIsTaken(_ settings: [String: String]) {
        #expect(failure(settings) == "")
        #expect(failure(settings, .consumer) == "")
    }

    /// Found by making a client that connects nowhere.
    @Test(arguments: [
        (["KAFKA_SECURITY_PROTOCOL": "sasl_ssl", "KAFKA_SASL_MECHANISM": "BOGUS"], "KAFKA_SASL_MECHANISM: "),
        (["KAFKA_SECURITY_PROTOCOL": "sasl_ssl"], "KAFKA_SASL_MECHANISMS: not set"),
        (["KAFKA_SSL_CA_LOCATION": "/nowhere"], "KAFKA_SSL_CA_LOCATION: cannot read /nowhere: No such file"),
        (["KAFKA_SSL_KEY_LOCATION": "/nowhere"], "KAFKA_SSL_KEY_LOCATION: cannot read /nowhere"),
        (
            ["KAFKA_SECURITY_PROTOCOL": "ssl", "KAFKA_SSL_CA_LOCATION": "/dev/null"],
            "KAFKA_SSL_CA_LOCATION: the Kafka client refuses"
        ),
        (["KAFKA_BOOTSTRAP_SERVERS": " "], "KAFKA_BOOTSTRAP_SERVERS: names no broker"),
        (["KAFKA_BOOTSTRAP_SERVERS": "a:1,b:kafka"], "KAFKA_BOOTSTRAP_SERVERS: 'b:kafka' has no port"),
        (["KAFKA_BOOTSTRAP_SERVERS": ":9092"], "KAFKA_BOOTSTRAP_SERVERS: ':9092' has no host"),
    ])
    func whatCanNeverWorkIsRefused(_ settings: [String: String], _ start: String) {
        for kind in [KafkaConfiguration.ClientKind.producer, .consumer] {
            let said = failure(settings, kind)
            #expect(said.hasPrefix(start), "\(said)")
            #expect(!said.contains("\n"))
        }
    }

    @Test func brokersComeInManySpellings() {
        for list in ["a", "a:9092", "a:9092, b:9093,", "[::1]:9092", "PLAINTEXT://a:9092,SSL://b", "[::1]"] {
            #expect(BrokerList.fault(list) == nil, "\(list)")
        }
    }
}
