/// How log lines look: `text` for people, `json` for collectors.
public enum LogFormat: String, CaseIterable, Sendable {
    case text
    case json
}
