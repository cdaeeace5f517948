/// What holds between the modules of this package (`docs/design.md`, "Where is what"). Each rule answers the breaches
/// that it finds, a sentence each.
enum PackageRules {
    /// Top to bottom. A group imports itself and the groups above it.
    static let groups = ["Support", "Clients", "Servers", "Relay", "Orders", "Operations", "Executables"]

    /// Targets that an executable must not reach, directly or through others.
    static let forbidden: [(executable: String, targets: [String])] = [
        (
            "outbox-relay",
            [
                "Orders", "OrdersProto", "EventStore", "Consumers", "Projection", "Payments", "OrdersAPI", "GRPC",
                "HTTP2",
            ]
        ),
        ("orders-server", ["Kafka", "CRDKafka", "OutboxKafka"]),
    ]

    /// The group of a target, from its path; nil outside `Sources` and `relay`.
    static func group(of target: PackageGraph.Target) -> String? {
        let folders = target.path.split(separator: "/").map(String.init)
        if folders.first == "relay" { return "Executables" }
        return folders.first == "Sources" && folders.count > 1 ? folders[1] : nil
    }

    static func forbiddenReach(in graph: PackageGraph) -> [String] {
        var found: [String] = []
        for (executable, targets) in forbidden {
            let closure = graph.closure(of: executable)
            // A target that was renamed would be forbidden in vain.
            for name in [executable] + targets where graph.targets[name] == nil {
                found.append("there is no target \(name); name the renamed one in PackageRules")
            }
            found += targets.filter(closure.contains).map { "forbidden: " + graph.way(from: executable, to: $0) }
        }
        let orders = graph.targets.values.filter { group(of: $0) == "Orders" }.map(\.name)
        let relay = graph.targets.values.filter { group(of: $0) == "Relay" }.map(\.name)
        for name in relay.sorted() {
            let closure = graph.closure(of: name)
            found += orders.sorted().filter(closure.contains).map { "forbidden: " + graph.way(from: name, to: $0) }
        }
        return found
    }

    static func groupBreaches(in graph: PackageGraph) -> [String] {
        var found: [String] = []
        for target in graph.targets.values.sorted(by: { $0.name < $1.name }) {
            guard let group = group(of: target) else { continue }
            guard let place = groups.firstIndex(of: group) else {
                found.append("\(target.name) is in \(target.path), and there is no group \(group)")
                continue
            }
            for name in target.dependencies {
                guard let other = graph.targets[name] else { continue }
                guard let otherGroup = Self.group(of: other), let otherPlace = groups.firstIndex(of: otherGroup) else {
                    found.append("\(target.name) depends on \(name), which is in \(other.path)")
                    continue
                }
                if otherPlace > place {
                    found.append("\(target.name) (\(group)) depends on \(name) (\(otherGroup)), a group below it")
                }
            }
        }
        return found
    }

    /// Modules of the toolchain, which no manifest declares.
    static let toolchain: Set = [
        "Swift", "Synchronization", "Foundation", "FoundationEssentials", "FoundationNetworking", "Dispatch", "Glibc",
        "Darwin", "Testing", "XCTest", "PackageDescription",
    ]

    /// - Parameter imports: the modules that the target's files import, with a file each.
    static func undeclared(_ imports: [String: String], of target: PackageGraph.Target, in graph: PackageGraph)
        -> [String]
    {
        let declared = Set(target.dependencies.map { graph.targets[$0]?.module ?? $0 })
        return imports.sorted(by: { $0.key < $1.key }).compactMap { module, file in
            guard module != target.module, !declared.contains(module), !toolchain.contains(module) else { return nil }
            return "\(file) imports \(module), which the target \(target.name) does not declare"
        }
    }

    /// An edge that no import uses makes a target's closure larger than its code. Targets outside `Sources` and `relay`
    /// may have such edges: a test builds the programs that it starts.
    static func unused(_ imports: [String: String], of target: PackageGraph.Target, in graph: PackageGraph) -> [String]
    {
        guard group(of: target) != nil else { return [] }
        return target.dependencies.filter { imports[graph.targets[$0]?.module ?? $0] == nil }.sorted().map {
            "the target \(target.name) declares \($0), and none of its files imports it"
        }
    }
}
