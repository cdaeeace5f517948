/// The parts of a stack that only some drills need.
extension DrillStack {
    /// Of the small file system: the files of a fresh server need half of it.
    private static let (diskMegabytes, tablespaceMegabytes) = (160, 48)

    static func clocks(_ needs: DrillNeeds, in folder: String) throws -> [String: DrillClock] {
        guard needs.contains(.clocks) else { return [:] }
        let names = Service.allCases.map(\.rawValue) + ["postgres"]
        return Dictionary(uniqueKeysWithValues: try names.map { ($0, try DrillClock($0, in: folder)) })
    }

    static func disk(_ needs: DrillNeeds, in folder: String) throws -> SmallDisk? {
        guard !needs.isDisjoint(with: [.smallDisk, .smallTablespace]) else { return nil }
        let megabytes = needs.contains(.smallDisk) ? diskMegabytes : tablespaceMegabytes
        return try SmallDisk("\(folder)/small", megabytes: megabytes, log: "\(folder)/small-disk.log")
    }

    static func shape(_ needs: DrillNeeds, _ disk: SmallDisk?, _ clock: DrillClock?) -> DrillPostgres.Shape {
        var shape = DrillPostgres.Shape()
        shape.environment = clock?.environment ?? [:]
        guard let disk else { return shape }
        shape.prefix = disk.prefix
        guard needs.contains(.smallDisk) else { return shape }
        shape.directory = "\(disk.folder)/data"
        // The log soon needs another file.
        shape.options = ["--wal-segsize=1"]
        shape.settings = ["min_wal_size=2MB", "max_wal_size=8MB"]
        return shape
    }

    /// Makes a tablespace on the small file system.
    static func tablespace(_ needs: DrillNeeds, _ disk: SmallDisk?, _ postgres: DrillPostgres) throws -> String? {
        guard needs.contains(.smallTablespace), let disk else { return nil }
        try postgres.execute("CREATE TABLESPACE small LOCATION '\(disk.folder)'")
        return "small"
    }
}

/// The links of all services.
final class DrillLinks {
    struct Pair {
        let postgres: DrillLink
        let kafka: DrillLink
    }

    private let pairs: [DrillStack.Service: Pair]

    /// - Parameters: where the servers are, `host:port,…`.
    init(postgres: String, kafka: String) throws {
        pairs = Dictionary(
            uniqueKeysWithValues: try DrillStack.Service.allCases.map {
                let pair = Pair(
                    postgres: try DrillLink(to: postgres, isKafka: false),
                    kafka: try DrillLink(to: kafka, isKafka: true))
                return ($0, pair)
            })
    }

    subscript(service: DrillStack.Service) -> Pair? { pairs[service] }

    func end() {
        for pair in pairs.values {
            pair.postgres.end()
            pair.kafka.end()
        }
    }
}
