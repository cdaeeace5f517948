/// `host:port,...`, as `bootstrap.servers` takes it.
enum BrokerList {
    /// What is wrong with a list; nil if librdkafka can make a broker of every entry.
    static func fault(_ text: String?) -> String? {
        let entries = (text ?? "").split(separator: ",").map { $0.filter { !$0.isWhitespace } }.filter { !$0.isEmpty }
        guard !entries.isEmpty else { return "names no broker; give host:port of at least one, separated by commas" }
        for entry in entries {
            // PLAINTEXT://host:9092 is taken as well, and [::1]:9092.
            let address = entry.firstRange(of: "://").map { entry[$0.upperBound...] } ?? entry[...]
            let host = address.hasPrefix("[") ? address.prefix { $0 != "]" }.dropFirst() : address.prefix { $0 != ":" }
            guard !host.isEmpty else { return "'\(entry)' has no host; give host:port" }
            let rest = address.hasPrefix("[") ? address.drop { $0 != "]" }.dropFirst() : address.drop { $0 != ":" }
            guard rest.isEmpty || rest.hasPrefix(":") && (1...65535).contains(Int(rest.dropFirst()) ?? 0) else {
                return "'\(entry)' has no port from 1 to 65535; give host:port"
            }
        }
        return nil
    }
}
