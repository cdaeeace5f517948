/// A service as its health endpoints tell it.
public struct ServiceHealth: Codable, Sendable {
    /// The name of the program.
    public var name: String
    /// Of its admin port.
    public var url: String
    /// `/livez` answers 2xx: if not, restart the process.
    public var isLive: Bool
    /// `/readyz` answers 2xx: if not, the text gives the reason.
    public var isReady: Bool
    /// What `/readyz` says, or why it could not be asked.
    public var text: String
    /// Its effective settings; nil where the service does not tell them.
    public var settings: [ServiceSetting]?
}

extension ServiceHealth {
    /// The value of a setting; nil if the service does not tell it.
    public func setting(_ name: String) -> String? { settings?.first { $0.name == name }?.value }
}

/// One setting in effect.
public struct ServiceSetting: Codable, Sendable, Equatable {
    /// The variable.
    public var name: String
    /// `***` for a secret.
    public var value: String
    /// `default`, `environment` or `file`.
    public var source: String
}

/// Asks a service for its health. Blocks, at most for ``OperationsLimits/probeMilliseconds`` for each question.
public struct ServiceProbe: Sendable {
    private let name: String
    private let url: String

    /// - Parameters:
    ///   - name: of the service, for people.
    ///   - url: of its admin port: `http://127.0.0.1:8085`.
    public init(name: String, url: String) {
        self.name = name
        self.url = url
    }

    /// Health, and the settings where the service tells them.
    public func ask() -> ServiceHealth {
        var health = ServiceHealth(name: name, url: url, isLive: false, isReady: false, text: "")
        do throws(PlainHTTP.Failure) {
            let http = try PlainHTTP(url)
            let ready = try http.get("/readyz")
            health.isReady = ready.isSuccess
            health.text = ready.body.split(separator: "\n").joined(separator: "; ")
            health.isLive = try http.get("/livez").isSuccess
            let config = try http.get("/config")
            if config.isSuccess {
                health.settings = try? OperatorJSON.value(Settings.self, from: config.body).settings
            }
        } catch {
            health.text = error.description
        }
        return health
    }

    /// Its metrics in the text format of Prometheus; nil if they cannot be read.
    public func metrics() -> String? {
        guard let answer = try? PlainHTTP(url).get("/metrics"), answer.isSuccess else { return nil }
        return answer.body
    }

    private struct Settings: Decodable { var settings: [ServiceSetting] }
}
