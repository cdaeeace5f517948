import Glibc

/// Starts a thread that calls ``ThreadStart/run()`` once.
///
/// Returns 0, or the `errno` value that says why there is no thread; then `run` is never called.
typealias ThreadSpawn = (ThreadStart) -> Int32

/// What a new thread has to do.
final class ThreadStart: Sendable {
    private let name: String
    private let queue: JobQueue

    init(name: String, queue: JobQueue) {
        self.name = name
        self.queue = queue
    }

    /// Names the thread and runs the queue's jobs until the queue is closed and empty.
    func run() {
        nameCurrentThread(name)
        queue.drainUntilClosed()
    }
}

/// The real ``ThreadSpawn``. The thread is detached: nothing waits for its end.
///
/// - Parameter stackBytes: the size of the stack; nil takes the system's default.
func startDetachedThread(_ start: ThreadStart, stackBytes: Int?) -> Int32 {
    let start = Unmanaged.passRetained(start)
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    if let stackBytes { pthread_attr_setstacksize(&attributes, stackBytes) }
    defer { pthread_attr_destroy(&attributes) }
    var thread = pthread_t()
    let status = pthread_create(
        &thread, &attributes,
        { argument in
            guard let argument else { return nil }
            Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue().run()
            return nil
        }, start.toOpaque())
    // No thread will take the reference.
    if status != 0 { start.release() }
    return status
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
