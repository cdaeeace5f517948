import FoundationEssentials
import Glibc
import Operations
import Outbox
import OutboxKafka
import Postgres
import Sabotage
import Threads
import Values
import Verify

/// Runs drills, each on a stack of its own.
public struct DrillRunner: Sendable {
    private let setup: DrillSetup

    /// - Throws: ``DrillError`` that names what this machine lacks.
    public init(_ setup: DrillSetup) throws {
        try setup.verify()
        self.setup = setup
    }

    /// Runs drills, some of them at a time.
    ///
    /// - Parameters:
    ///   - atOnce: how many.
    ///   - tell: gets what is done, on any thread.
    ///   - ended: gets each run.
    /// - Returns: the runs, in the order of the drills.
    public func run(
        _ drills: [Drill], seed: UInt64, atOnce: Int, _ tell: @escaping @Sendable (String) -> Void,
        ended: (DrillReport.Run) -> Void
    ) async throws -> [DrillReport.Run] {
        try await withThrowingTaskGroup(of: (Int, DrillReport.Run).self) { group in
            var waiting = Array(drills.enumerated().reversed())
            var runs: [Int: DrillReport.Run] = [:]
            func begin() {
                guard let (number, drill) = waiting.popLast() else { return }
                let text = "\(number + 1)/\(drills.count) \(drill.name)"
                group.addTask { (number, try await run(drill, seed: seed) { tell("\(text): \($0)") }) }
            }
            for _ in 0..<atOnce { begin() }
            while let (number, run) = try await group.next() {
                runs[number] = run
                ended(run)
                begin()
            }
            return drills.indices.compactMap { runs[$0] }
        }
    }

    /// Runs one drill.
    ///
    /// - Parameter tell: gets what is done, on any thread.
    public func run(_ drill: Drill, seed: UInt64, _ tell: @escaping @Sendable (String) -> Void) async throws
        -> DrillReport.Run
    {
        var template = Array("\(setup.directory)/outbox-drill-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError("cannot make a folder in \(setup.directory)") }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // Postgres runs as another user.
        chmod(folder, 0o755)
        let thread = try ThreadExecutor(name: "drill")
        defer { thread.shutdown() }
        let holder = StackHolder()
        let setup = setup
        var run = try await thread.run {
            Self.play(drill, seed, setup, folder, holder, tell)
        }
        if let audited = holder.postgres {
            run = await judged(run, drill, holder, audited)
        }
        let finished = run
        run = try await thread.run { Self.end(finished, holder) }
        if run.isClean {
            try? FileManager.default.removeItem(atPath: folder)
        } else {
            run.logs = folder
        }
        return run
    }

    // MARK: - Steps

    /// Starts, loads, breaks, heals and drains.
    private static func play(
        _ drill: Drill, _ seed: UInt64, _ setup: DrillSetup, _ folder: String, _ holder: StackHolder,
        _ tell: @escaping @Sendable (String) -> Void
    ) -> DrillReport.Run {
        let began = ContinuousClock.now
        var run = DrillReport.Run(
            name: drill.name, summary: drill.summary, seed: seed, violations: [:], findings: [], isBroken: false,
            acknowledged: 0, duplicates: 0, worstWaitSeconds: 0, seconds: 0, marks: [], samples: [],
            command: command(drill, seed, setup))
        do {
            tell("starting a stack")
            let id = String(folder.split(separator: "-").last ?? "").lowercased()
            let stack = try DrillStack(setup, drill, in: folder, id: id)
            holder.stack = stack
            let loadBegan = ContinuousClock.now
            let load = try ClientLoad(stack, "drill-\(seed)")
            let timeline = try DrillTimeline(load.memory, stack.postgres.configuration(), began: loadBegan)
            let scene = DrillScene(stack, load, DrillRandom(seed: seed), began: loadBegan)
            let watch = try DrillWatch(stack, began: loadBegan)
            defer {
                _ = try? load.stop()
                let judge = WatchJudge(samples: watch.stop(), absences: scene.absences)
                holder.findings += judge.findings(isStopped: scene.hasStopped)
                let memory = load.memory.all
                (run.acknowledged, run.worstWaitSeconds) = (memory.acknowledged, memory.worstWait / .seconds(1))
                holder.memory = memory
                run.samples = timeline.stop()
                run.marks = scene.marks
                run.seconds = (ContinuousClock.now - began) / .seconds(1)
            }
            try load.more()
            tell("breaking it")
            try drill.fault(scene)
            let healed = ContinuousClock.now
            try load.more()
            tell("draining")
            try load.stop()
            if drains(scene) {
                run.recoverySeconds = (ContinuousClock.now - healed) / .seconds(1)
                if let atRest = drill.atRest {
                    try atRest(scene)
                    _ = drains(scene)
                }
            }
            holder.postgres = stack.postgres.configuration()
            tell("judging")
            holder.findings += try RestJudge(stack: stack, rowsRolledBack: scene.rowsRolledBack).findings()
        } catch {
            run.isBroken = true
            run.findings.append("broken off: \(error)")
        }
        return run
    }

    private static func command(_ drill: Drill, _ seed: UInt64, _ setup: DrillSetup) -> String {
        let delivery = setup.delivery == .atLeastOnce ? "" : " --delivery \(setup.delivery.rawValue)"
        let minutes = drill.name == "mixed" ? " --minutes \(setup.minutes)" : ""
        let mutant = setup.mutant.map { " --mutant \($0.rawValue)" } ?? ""
        return "outboxctl drill run \(drill.name) --seed \(seed)\(delivery)\(minutes)\(mutant)"
    }

    /// Whether nothing is on its way after some time.
    private static func drains(_ scene: DrillScene) -> Bool {
        do {
            try scene.stack.waitUntilAtRest(seconds: scene.stack.setup.drainSeconds)
            scene.mark("drained")
            return true
        } catch {
            scene.mark("not drained")
            return false
        }
    }

    private func judged(
        _ run: DrillReport.Run, _ drill: Drill, _ holder: StackHolder, _ postgres: PostgresConfiguration
    ) async -> DrillReport.Run {
        var (run, judge) = (run, DrillJudge())
        do {
            var request = AuditRequest()
            request.directory = setup.directory
            guard let kafka = holder.stack?.kafka else { return run }
            request.topics = TopicTemplate(kafka.topic("{aggregate_type}")) ?? request.topics
            let audit = try await Audit(request, postgres: postgres, kafka: kafka.configuration).run()
            judge.take(audit, delivery: setup.delivery, onlyStops: drill.traits.contains(.onlyStops))
            (run.duplicates, run.audited) = (audit.known.duplicates, audit.checked)
            try judge.take(holder.memory, PostgresConnection(postgres))
            judge.take(holder.findings)
            if drill.traits.contains(.sparesClients) { judge.take(worstWait: run.worstWaitSeconds) }
        } catch {
            run.isBroken = true
            run.findings.append("not judged: \(error)")
        }
        run.findings += judge.findings
        for (invariant, count) in judge.violations { run.violations[invariant.rawValue] = count }
        return run
    }

    /// Ends the stack: each service has to end with status 0.
    private static func end(_ run: DrillReport.Run, _ holder: StackHolder) -> DrillReport.Run {
        var run = run
        guard let stack = holder.stack else { return run }
        var failures = 0
        if !run.isBroken {
            for service in DrillStack.Service.allCases {
                do {
                    try stack.terminate(service)
                } catch {
                    failures += 1
                    run.findings.append("stopped: \(error)")
                }
            }
            run.violations[DrillReport.Invariant.stopped.rawValue] = failures
        }
        stack.end()
        holder.stack = nil
        return run
    }
}

/// What the steps of one drill hand on. The stack is used on the drill's thread; the steps follow each other.
private final class StackHolder: @unchecked Sendable {
    var stack: DrillStack?
    var memory = ClientMemory.Content()
    /// What was seen of the stack.
    var findings: [WatchJudge.Finding] = []
    /// Where to judge; nil if the drill was broken off.
    var postgres: PostgresConfiguration?
}
