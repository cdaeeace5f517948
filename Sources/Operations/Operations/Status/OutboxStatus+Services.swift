import Values

extension OutboxStatus {
    /// The value of a setting that a service tells; nil if it does not.
    public func setting(_ name: String, of service: String) -> String? {
        services.first { $0.name == service }?.setting(name)
    }

    /// Fills in what the settings of ``services`` tell about the outbox.
    public mutating func addSettingsOfServices() {
        storage?.retention = services.lazy.compactMap { $0.setting("RELAY_RETENTION") }.first.map { text in
            DurationText.parse(text).map { DurationText.words($0) } ?? text
        }
    }

    /// Adds what the health endpoints of ``services`` say is in the way; nothing for a service that is ready.
    public mutating func addBlockersOfServices() {
        for service in services where !service.isReady {
            blockers.append(Blocker(kind: .service, summary: "\(service.name) is not ready: \(service.text)"))
        }
    }
}
