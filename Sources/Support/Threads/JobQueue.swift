import Glibc

/// The jobs waiting for one thread, under a mutex and a condition.
///
/// The queue itself has no bound: every caller awaits its own job, so the number of callers bounds the length.
final class JobQueue: @unchecked Sendable {
    /// One piece of work; it may block.
    typealias Job = @Sendable () -> Void

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var jobs: [Job] = []
    private var isClosed = false

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Returns whether the job was taken; a closed queue takes none.
    @discardableResult
    func push(_ job: @escaping Job) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        guard !isClosed else { return false }
        jobs.append(job)
        if jobs.count == 1 { pthread_cond_signal(condition) }
        return true
    }

    /// Refuses further jobs; those in the queue still run.
    func close() {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        isClosed = true
        pthread_cond_signal(condition)
    }

    /// Runs jobs in order until the queue is closed and empty.
    func drainUntilClosed() {
        var batch: [Job] = []
        while takeAll(into: &batch) {
            for job in batch { job() }
            batch.removeAll(keepingCapacity: true)
        }
    }

    /// Blocks until there are jobs, and moves them all into `batch`; false when the queue is closed and empty.
    private func takeAll(into batch: inout [Job]) -> Bool {
        assert(batch.isEmpty, "a batch is run to its end before the next one is taken")
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while jobs.isEmpty && !isClosed { pthread_cond_wait(condition, mutex) }
        swap(&batch, &jobs)
        return !batch.isEmpty
    }
}
