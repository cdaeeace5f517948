extension OutboxStatus {
    /// The value of a setting that a service tells; nil if it does not.
    public func setting(_ name: String, of service: String) -> String? {
        services.first { $0.name == service }?.setting(name)
    }

    /// Adds what the health endpoints of ``services`` say is in the way; nothing for a service that is ready.
    public mutating func addBlockersOfServices() {
        for service in services where !service.isReady {
            blockers.append(Blocker(kind: .service, summary: "\(service.name) is not ready: \(service.text)"))
        }
    }
}
