import Foundation

/// The targets of a package and the edges between them, as `swift package dump-package` describes them.
struct PackageGraph: Sendable {
    struct Target: Sendable {
        /// As in the manifest: `outbox-relay`.
        let name: String
        /// `regular`, `executable`, `test` or `system`.
        let kind: String
        /// The folder of the sources, relative to the package.
        let path: String
        /// Targets and products, by name. A product has the name of its module in every package that this one uses.
        let dependencies: [String]
        /// Files and folders below `path` that are not part of the target.
        let exclude: [String]

        /// As an import writes the target's name: `outbox_relay`.
        var module: String { name.map { $0.isLetter || $0.isNumber ? String($0) : "_" }.joined() }
    }

    let targets: [String: Target]

    init(_ targets: [Target]) {
        self.targets = Dictionary(targets.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// - Parameter description: the JSON that `swift package dump-package` prints.
    init(description: Data) throws {
        let package = try JSONDecoder().decode(Description.self, from: description)
        self.init(
            package.targets.map {
                Target(
                    name: $0.name, kind: $0.type,
                    path: $0.path ?? ($0.type == "test" ? "Tests/" : "Sources/") + $0.name,
                    dependencies: $0.dependencies.compactMap(\.name), exclude: $0.exclude ?? [])
            })
    }

    /// Everything that a target builds with: its dependencies, their dependencies and so on, without the target.
    func closure(of name: String) -> Set<String> {
        var found: Set<String> = []
        var waiting = targets[name]?.dependencies ?? []
        while let next = waiting.popLast() {
            guard found.insert(next).inserted else { continue }
            waiting += targets[next]?.dependencies ?? []
        }
        return found
    }

    /// The shortest way from one target to another, for messages: `outbox-relay > OutboxKafka > Orders`.
    func way(from start: String, to end: String) -> String {
        var ways = [[start]]
        var seen: Set = [start]
        while !ways.isEmpty {
            let way = ways.removeFirst()
            guard let last = way.last, last != end else { return way.joined(separator: " > ") }
            for next in targets[last]?.dependencies ?? [] where seen.insert(next).inserted {
                ways.append(way + [next])
            }
        }
        return "\(start) does not reach \(end)"
    }
}

/// The part of the JSON that is used here.
private struct Description: Decodable {
    struct Target: Decodable {
        let name: String
        let type: String
        let path: String?
        let exclude: [String]?
        let dependencies: [Dependency]
    }

    /// `{"byName": ["Orders", null]}`, or the same with `target`; `{"product": ["NIOCore", "swift-nio", null, null]}`.
    struct Dependency: Decodable {
        let name: String?

        init(from decoder: any Decoder) throws {
            let kinds = try decoder.container(keyedBy: Kind.self)
            var name: String?
            for kind in kinds.allKeys where kind != .plugin {
                var values = try kinds.nestedUnkeyedContainer(forKey: kind)
                name = try values.decode(String.self)
            }
            self.name = name
        }
    }

    enum Kind: String, CodingKey {
        case byName
        case target
        case product
        case plugin
    }

    let targets: [Target]
}
