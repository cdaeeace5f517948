/// A named OS thread that runs jobs one after the other.
///
/// Calls into libpq and librdkafka block; on Swift's cooperative pool a blocked job starves every other task of the
/// process. Each long-lived C handle therefore lives on a thread of its own. An actor can adopt the thread as its
/// executor, a task can prefer it, and plain closures are sent to it with ``run(_:)``.
///
/// The release of the last reference ends the thread after the jobs that are queued.
public final class ThreadExecutor: SerialExecutor, TaskExecutor, Sendable {
    /// The name given at creation.
    public let name: String
    private let queue: JobQueue

    /// Starts the thread.
    ///
    /// - Parameter name: Linux shows the first 15 bytes of it in `top -H` and in core dumps.
    /// - Throws: ``ThreadExecutorError/cannotStart(name:errno:)`` when the process or its container has no thread left.
    public convenience init(name: String) throws(ThreadExecutorError) {
        try self.init(name: name, spawn: { startDetachedThread($0, stackBytes: nil) })
    }

    /// - Parameter spawn: makes the thread; a test gives one that fails.
    init(name: String, spawn: ThreadSpawn) throws(ThreadExecutorError) {
        self.name = name
        self.queue = JobQueue()
        // The thread keeps only the queue alive, not the executor: otherwise it would never end.
        let start = ThreadStart(name: name, queue: queue)
        let status = spawn(start)
        guard status == 0 else { throw .cannotStart(name: name, errno: status) }
    }

    deinit {
        queue.close()
    }

    /// Runs a job of Swift's concurrency on the thread. After ``shutdown()`` the job is dropped.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let serial = asUnownedSerialExecutor()
        let task = asUnownedTaskExecutor()
        queue.push { job.runSynchronously(isolatedTo: serial, taskExecutor: task) }
    }

    /// The executor as an actor names it.
    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    /// Runs `body` on the thread without waiting for it. After ``shutdown()`` the body is dropped.
    public func submit(_ body: @escaping @Sendable () -> Void) {
        queue.push(body)
    }

    /// Runs blocking `body` on the thread and suspends the caller until it is done.
    ///
    /// - Throws: what `body` throws, or ``ThreadExecutorError/shutDown`` when the thread no longer takes jobs.
    public func run<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            let accepted = queue.push { continuation.resume(with: Result(catching: body)) }
            if !accepted { continuation.resume(throwing: ThreadExecutorError.shutDown) }
        }
    }

    /// Lets the queued jobs finish and then ends the thread. Returns at once; later jobs are refused.
    public func shutdown() {
        queue.close()
    }
}

/// Why a thread cannot run a job.
public enum ThreadExecutorError: Error, Hashable, CustomStringConvertible {
    /// The thread has ended, or is about to.
    case shutDown
    /// `pthread_create` failed, with `EAGAIN` where a limit on threads is reached.
    case cannotStart(name: String, errno: Int32)

    /// One line; for a thread that cannot be started it names the limits to raise.
    public var description: String {
        switch self {
        case .shutDown: "the thread has ended"
        case .cannotStart(let name, let errno):
            SystemError("cannot start the thread \(name)", errno: errno).description
                + "; raise the limit on threads (ulimit -u, TasksMax= of the unit, pids.max of the container)"
        }
    }
}
