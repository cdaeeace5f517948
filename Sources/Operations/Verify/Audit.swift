import Glibc
public import Kafka
import Operations
import Outbox
public import Postgres
import Synchronization
import Threads

/// Audits event store, outbox, Kafka and read model against each other, while writes go on.
///
/// *What can be compared.* Four things are read in this order:
///
/// 1. the checkpoint, with the held rows: a row that it counts as published is in Kafka, unless it is held;
/// 2. the ends of all partitions;
/// 3. a snapshot of Postgres, which all tables are read in;
/// 4. Kafka, from the beginning of each partition to the ends of step 2.
///
/// A record before the ends is of a row that was committed before step 2, because the relay publishes nothing else; so
/// the snapshot of step 3 sees its row. A row that step 1 counts as published was acknowledged before step 2; so its
/// record is before the ends. A row of the snapshot that step 1 does not count may or may not have a record: it is on
/// its way. The rows that are due are therefore contained in the records, and the records in the rows. Neither
/// direction needs a writer to stop. The read model and its position in each partition are of one snapshot as well: an
/// event whose record is before the position has to be in the read model.
///
/// *In bounded memory.* A hash join on disk. Each row, event and record becomes 64 bytes (``AuditEntry``) in one of 256
/// buckets of a file (``SpillFile``), chosen by the hash of its key. All that is to be compared about a key is then in
/// one bucket: who misses whom, the order of the key's records, repetitions. Buckets are read back one at a time; for
/// ten million events, each with a row and a record, a bucket is 7.5 MB. So the memory does not depend on the order of
/// the rows, on the number of partitions, or on how many records were repeated. It does depend on the largest key: the
/// entries of one key are in memory together. Payloads are compared by a hash of 64 bits under a seed that nobody knows
/// before. The read model is not spilled: both it and the event store have an index in the order of the order's id, and
/// are merged.
///
/// The audit holds a snapshot, and with it old row versions of the whole server, and keeps leaves of the outbox from
/// being truncated, for as long as it takes.
public struct Audit: Sendable {
    private let request: AuditRequest
    private let postgres: PostgresConfiguration
    private let kafka: KafkaConfiguration
    private static let judges = 2

    /// - Parameters:
    ///   - postgres: of the outbox's database; not a standby.
    ///   - kafka: with `bootstrap.servers`; reads committed messages unless it says otherwise.
    public init(_ request: AuditRequest, postgres: PostgresConfiguration, kafka: KafkaConfiguration) {
        (self.request, self.postgres, self.kafka) = (request, postgres, kafka)
    }

    /// - Throws: ``VerifyError``, `PostgresError`, `KafkaError` or `SystemError` if the audit could not be made.
    public func run(_ progress: AuditProgress = AuditProgress()) async throws -> AuditReport {
        let began = ContinuousClock.now
        let keeper = try ThreadExecutor(name: "verify")
        let held = HeldSnapshot()
        defer {
            // The connection was made on this thread, and ends on it.
            keeper.submit { held.connection = nil }
            keeper.shutdown()
        }
        let basis = try await keeper.run { try Basis(request, postgres, kafka, held) }
        progress.expect(basis.ground.estimate + Int(basis.ends.records))
        let scans = try await scan(basis, progress)
        let judgeGround = JudgeGround(
            basis.ground, request, topics: basis.names.topics, partitions: scans.records.partitions)
        var findings = scans.rows.findings
        findings.add(scans.records.findings)
        findings.add(scans.events?.findings ?? Findings())
        findings.add(try await judge(judgeGround, scans))
        let all = findings
        let examples = try await keeper.run { try ExampleKeys(request.schema).named(all, basis.snapshot) }
        var checked = AuditReport.Checked()
        checked.events = scans.events?.count ?? 0
        checked.projections = scans.events?.projections ?? 0
        (checked.rows, checked.records) = (scans.rows.count, scans.records.count)
        checked.topics = basis.ends.topics.count
        return AuditReport(
            takenAt: Moment(microseconds: basis.start.takenAt), seconds: (ContinuousClock.now - began) / .seconds(1),
            peakBytes: Self.peakBytes, checked: checked,
            differences: Dictionary(uniqueKeysWithValues: findings.counts.map { ($0.key.rawValue, $0.value) }),
            examples: examples, known: findings.known,
            unjudged: UnjudgedReason.allCases.compactMap { reason in
                findings.unjudged[reason].map { Unjudged(count: $0, text: reason.rawValue) }
            })
    }

    /// Bytes of memory that the process had at most.
    private static var peakBytes: Int {
        var usage = rusage()
        getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss << 10
    }

    // MARK: Scans

    private struct Scans: Sendable {
        var rows: OutboxScan
        var records: KafkaScan
        var events: EventScan?
    }

    private func scan(_ basis: Basis, _ progress: AuditProgress) async throws -> Scans {
        let request = request
        let kafka = kafka
        async let rows = Self.onThread("verify-rows") {
            var scan = try OutboxScan(request, basis.start, basis.ground, basis.names, progress)
            try basis.snapshot.reading { try scan.run($0) }
            return scan
        }
        async let records = Self.onThread("verify-records") {
            var scan = try KafkaScan(kafka, basis.ends, request, basis.start, basis.names, progress)
            try scan.run()
            return scan
        }
        async let events = Self.onThread("verify-events") { () -> EventScan? in
            guard basis.ground.hasEvents,
                request.aggregateType ?? RecordedTopics.aggregateType
                    == RecordedTopics.aggregateType
            else { return nil }
            var scan = try EventScan(request, basis.names, progress)
            try basis.snapshot.reading { events in
                guard basis.ground.hasProjection else { return try scan.run(events, nil) }
                try basis.snapshot.reading { try scan.run(events, $0) }
            }
            return scan
        }
        return try await Scans(rows: rows, records: records, events: events)
    }

    private static func onThread<T: Sendable>(_ name: String, _ body: @escaping @Sendable () throws -> T) async throws
        -> T
    {
        let thread = try ThreadExecutor(name: name)
        defer { thread.shutdown() }
        return try await thread.run(body)
    }

    private func judge(_ ground: JudgeGround, _ scans: Scans) async throws -> Findings {
        let next = BucketCounter()
        return try await withThrowingTaskGroup(of: Findings.self) { group in
            for _ in 0..<Self.judges {
                group.addTask {
                    try await Self.onThread("verify-judge") {
                        var judge = BucketJudge(ground)
                        while let bucket = next.next() {
                            judge.judge(
                                events: try scans.events?.spill.entries(of: bucket) ?? [],
                                rows: try scans.rows.spill.entries(of: bucket),
                                records: try scans.records.spill.entries(of: bucket))
                        }
                        return judge.findings
                    }
                }
            }
            return try await group.reduce(into: Findings()) { $0.add($1) }
        }
    }
}

/// Gives each bucket to one thread.
private final class BucketCounter: Sendable {
    private let given = Atomic(0)

    func next() -> Int? {
        let bucket = given.wrappingAdd(1, ordering: .relaxed).oldValue
        return bucket < SpillFile.buckets ? bucket : nil
    }
}

/// The connection that holds the snapshot. It is used on one thread only.
private final class HeldSnapshot: @unchecked Sendable {
    var connection: PostgresConnection?
}

/// What is read before the scans begin; see ``Audit``.
private struct Basis: Sendable {
    let start: AuditStart
    let ends: TopicEnds
    let snapshot: SharedSnapshot
    let ground: AuditGround
    let names: AuditNames

    init(
        _ request: AuditRequest, _ postgres: PostgresConfiguration, _ kafka: KafkaConfiguration, _ held: HeldSnapshot
    ) throws {
        names = AuditNames(request.topics)
        let connection = try PostgresConnection(postgres)
        try OutboxOperator(connection, schema: request.schema).verify()
        start = try AuditStart(connection, schema: request.schema)
        ends = try TopicEnds(kafka, request)
        try connection.execute(
            """
            BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION READ ONLY;
            SET LOCAL idle_in_transaction_session_timeout = 0
            """)
        snapshot = SharedSnapshot(
            postgres: postgres, id: try connection.query("SELECT pg_export_snapshot()").string(0, 0))
        held.connection = connection
        let clusterID = ends.clusterID
        // Small tables that others truncate are not kept locked.
        ground = try snapshot.reading { try AuditGround($0, schema: request.schema, clusterID: clusterID) }
    }
}
