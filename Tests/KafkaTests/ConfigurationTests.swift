import Foundation
import Testing

@testable import Kafka

@Suite(.ownThread) struct ConfigurationTests {
    private func failure(_ environment: [String: String]) -> String {
        do {
            try KafkaConfiguration.fromEnvironment(environment).validate()
            return "no error"
        } catch {
            return error.message
        }
    }

    @Test func variablesBecomeProperties() throws {
        let configuration = try KafkaConfiguration.fromEnvironment(
            [
                "KAFKA_BOOTSTRAP_SERVERS": "a:1,b:2", "KAFKA_LINGER_MS": "5", "KAFKA_LOG_LEVEL": "3",
                "KAFKA_EMPTY": "", "PATH": "/bin", "KAFKA_PORT": "tcp://10.0.0.1:9092",
                "KAFKA_PORT_9092_TCP_ADDR": "10.0.0.1", "KAFKA_SERVICE_HOST": "10.0.0.1", "KAFKA_OURS": "1",
            ], excluding: ["KAFKA_OURS"])
        #expect(configuration.settings == ["bootstrap.servers": "a:1,b:2", "linger.ms": "5", "log_level": "3"])
        try configuration.validate()
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
}
