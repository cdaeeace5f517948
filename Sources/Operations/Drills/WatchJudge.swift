/// Judges what was seen of a stack. Pure.
struct WatchJudge {
    let samples: [WatchSample]
    let absences: [DrillScene.Absence]

    typealias Finding = (invariant: DrillReport.Invariant, count: Int, text: String)

    /// - Parameter isStopped: whether a relay stood still on purpose.
    func findings(isStopped: Bool) -> [Finding] {
        let bound = isStopped ? DrillLimits.stoppedTransactionSeconds : DrillLimits.idleTransactionSeconds
        return [ready(), unseen(), idle(bound)]
    }

    private static func notice(_ service: DrillStack.Service) -> Double {
        switch service {
        case .relay, .server: DrillLimits.noticeSeconds
        case .projector, .payments: DrillLimits.consumerNoticeSeconds
        }
    }

    /// A service that needs what is away must not say that it is ready.
    private func ready() -> Finding {
        var lies: [String] = []
        for absence in absences {
            for service in absence.part.dependents {
                let begin = absence.from + Self.notice(service)
                let window = begin...max(begin, absence.until)
                let seen = samples.filter { window.contains($0.seconds) && $0.ready[service] == true }
                if let first = seen.first {
                    lies.append(
                        "\(service.rawValue) said that it is ready, \(Self.tenth(first.seconds - absence.from)) s "
                            + "after \(absence.part.rawValue) had gone")
                }
            }
        }
        return (.honest, lies.count, lies.first ?? "")
    }

    /// A relay that leads must not say for long that nothing waits while a lot does.
    private func unseen() -> Finding {
        var (since, lies, example): (Double?, Int, String) = (nil, 0, "")
        for sample in samples {
            guard let truth = sample.unpublished, let told = sample.relay, told.leads,
                truth > DrillLimits.unseenRows, told.unpublished == 0
            else {
                since = nil
                continue
            }
            let begin = since ?? sample.seconds
            since = begin
            guard sample.seconds - begin > DrillLimits.unseenSeconds else { continue }
            lies += 1
            example = "the relay said that no row waits while \(truth) did"
            since = nil
        }
        return (.honest, lies, example)
    }

    private func idle(_ bound: Double) -> Finding {
        let longest = samples.compactMap(\.idleSeconds).max() ?? 0
        return (
            .brief, longest > bound ? 1 : 0,
            "a transaction of the relay was open and idle for \(Self.tenth(longest)) s"
        )
    }

    private static func tenth(_ number: Double) -> String { "\((number * 10).rounded() / 10)" }
}
