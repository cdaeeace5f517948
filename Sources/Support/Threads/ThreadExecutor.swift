import Glibc

/// A named OS thread that runs jobs one after the other.
///
/// Calls into libpq and librdkafka block; on Swift's cooperative pool a blocked job starves every other task of the
/// process. Each long-lived C handle therefore lives on a thread of its own. An actor can adopt the thread as its
/// executor, a task can prefer it, and plain closures are sent to it with ``run(_:)``.
public final class ThreadExecutor: SerialExecutor, TaskExecutor, Sendable {
    public let name: String
    private let queue: JobQueue

    /// Starts the thread. Linux shows the first 15 bytes of `name` in `top -H` and in core dumps.
    public init(name: String) {
        self.name = name
        self.queue = JobQueue()
        startThread(named: name, queue: queue)
    }

    deinit {
        queue.close()
    }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let serial = asUnownedSerialExecutor()
        let task = asUnownedTaskExecutor()
        queue.push { job.runSynchronously(isolatedTo: serial, taskExecutor: task) }
    }

    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    /// Runs `body` on the thread without waiting for it. After ``shutdown()`` the body is dropped: whoever holds the
    /// last reference to the executor has nobody left to answer.
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

/// The job could not be run because its thread has ended.
public enum ThreadExecutorError: Error {
    case shutDown
}

/// The thread keeps only the queue alive, not the executor: dropping the last executor reference closes the queue and
/// ends the thread.
private func startThread(named name: String, queue: JobQueue) {
    let start = Unmanaged.passRetained(ThreadStart(name: name, queue: queue))
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    defer { pthread_attr_destroy(&attributes) }
    var thread = pthread_t()
    let status = pthread_create(
        &thread, &attributes,
        { argument in
            guard let argument else { return nil }
            let start = Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue()
            nameCurrentThread(start.name)
            start.queue.drainUntilClosed()
            return nil
        }, start.toOpaque())
    // Without threads the process can do nothing at all; there is no caller who could go on.
    precondition(status == 0, "pthread_create failed for \(name): errno \(status)")
}

/// glibc hides `pthread_setname_np` behind `_GNU_SOURCE`; the kernel's own file does the same. Without /proc the thread
/// stays unnamed.
private func nameCurrentThread(_ name: String) {
    let descriptor = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    let bytes = Array(name.utf8.prefix(15))
    _ = write(descriptor, bytes, bytes.count)
}

private final class ThreadStart: Sendable {
    let name: String
    let queue: JobQueue
    init(name: String, queue: JobQueue) {
        self.name = name
        self.queue = queue
    }
}
