import Runtime
import Values

/// The answer of `/config`: `{"settings":[{"name":"RELAY_LEASE","value":"15s","source":"default"}]}`.
enum SettingsDocument {
    static func text(_ settings: [EffectiveSetting]) -> String {
        let items = settings.map { setting in
            let (name, value) = (Escaping.json(setting.name), Escaping.json(setting.value))
            return "{\"name\":\(name),\"value\":\(value),\"source\":\"\(setting.source.rawValue)\"}"
        }
        return "{\"settings\":[\(items.joined(separator: ","))]}\n"
    }
}
