import Drills

/// The scoreboard for people.
struct DrillText {
    private let report: DrillReport

    init(_ report: DrillReport) { self.report = report }

    func printed() {
        let invariants = DrillReport.Invariant.allCases
        let titles = ["drill"] + invariants.map(\.rawValue) + ["orders", "duplicates", "recovery", "worst wait"]
        var table = Table(titles, numbers: Set(1..<titles.count))
        for run in report.runs {
            var cells = [Table.Cell(run.name, run.isClean ? .strong : .bad)]
            cells += invariants.map { invariant in
                guard let count = run.violations[invariant.rawValue] else { return .init("–", .quiet) }
                return count == 0 ? .init("ok", .good) : .init("\(count)", .bad)
            }
            cells += [
                .init(Words.count(run.acknowledged)), .init(Words.count(run.duplicates)),
                .init(run.recoverySeconds.map { Words.age($0) } ?? "–"), .init(Words.age(run.worstWaitSeconds)),
            ]
            table.add(cells)
        }
        table.printed()
        let broken = report.runs.filter(\.isBroken).count
        let clean = "\(report.runs.count) runs, \(report.violations) violations"
        print(broken == 0 ? clean : "\(clean), \(broken) broken off")
    }
}
