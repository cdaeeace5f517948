extension Drills {
    /// Networks between the services and their servers.
    static let network: [Drill] =
        cuts + halves + [
            Drill(
                "slow-network", "everything between services and servers takes 150 ms longer, for five seconds",
                needs: .links
            ) {
                scene in
                scene.mark("a slow network")
                for link in scene.allLinks { link.delay(milliseconds: 150) }
                scene.pause(5_000...5_000)
                for link in scene.allLinks { link.delay(milliseconds: 0) }
                scene.mark("a fast network")
            },
            Drill(
                "silent-listener",
                "nothing gets through the relay's connections to Postgres any more, and nobody is told",
                needs: .links
            ) { scene in
                let link = try scene.links(.relay).postgres
                for turn in 1...2 {
                    scene.mark("the relay's connections are forgotten (\(turn))")
                    link.forget()
                    scene.pause(4_000...6_000)
                }
            },
        ]

    // MARK: - Cuts

    private static let cuts: [Drill] =
        DrillStack.Service.allCases.map { cut($0, "postgres") { $0.postgres } }
        + DrillStack.Service.allCases.filter { $0 != .server }.map { cut($0, "kafka") { $0.kafka } }

    /// The network of one pair: first it is only away, as cables are, then connections are forgotten, as firewalls do.
    private static func cut(
        _ service: DrillStack.Service, _ server: String,
        _ link: @escaping @Sendable (DrillLinks.Pair) -> DrillLink
    ) -> Drill {
        let word = service.rawValue.split(separator: "-").last ?? ""
        return Drill(
            "cut-\(word)-\(server)",
            "no byte passes between \(service.rawValue) and \(server) for five seconds; then, "
                + "after a while, its connections are dead", needs: .links
        ) { scene in
            let link = link(try scene.links(service))
            scene.mark("the network is cut")
            link.hold()
            scene.pause(4_000...6_000)
            link.open()
            scene.mark("it is mended")
            try scene.load.more()
            link.forget()
            scene.mark("connections are forgotten")
            scene.pause(500...1_500)
        }
    }

    // MARK: - Halves

    private static let halves: [Drill] = [
        half("half-requests-postgres", "requests to Postgres", .request) { $0.postgres },
        half("half-answers-postgres", "answers of Postgres", .answer) { $0.postgres },
        half("half-requests-kafka", "requests to Kafka", .request) { $0.kafka },
        half("half-answers-kafka", "answers of Kafka", .answer) { $0.kafka },
    ]

    private static func half(
        _ name: String, _ what: String, _ way: LinkWay, _ link: @escaping @Sendable (DrillLinks.Pair) -> DrillLink
    ) -> Drill {
        Drill(name, "\(what) arrive in part, and their connections end there, again and again", needs: .links) {
            scene in
            for turn in 0..<6 {
                for service in DrillStack.Service.allCases where service != .server || name.hasSuffix("postgres") {
                    link(try scene.links(service)).halve(way, 2)
                }
                if turn == 0 { scene.mark("\(what) are cut in half") }
                scene.pause(300...900)
            }
            for service in DrillStack.Service.allCases { link(try scene.links(service)).halve(way, 0) }
            scene.mark("whole again")
        }
    }
}

extension DrillScene {
    func links(_ service: DrillStack.Service) throws -> DrillLinks.Pair {
        guard let pair = stack.links?[service] else { throw DrillError("\(service.rawValue) has no links") }
        return pair
    }

    var allLinks: [DrillLink] {
        DrillStack.Service.allCases.compactMap { stack.links?[$0] }.flatMap { [$0.postgres, $0.kafka] }
    }
}
