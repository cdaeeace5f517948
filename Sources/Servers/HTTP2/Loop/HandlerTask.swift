import NIOCore

/// A task that runs one handler after the other on an event loop, because making and ending a task costs more than the
/// work of a small call.
///
/// A handler that was cancelled ends its task, so that no cancellation reaches the next handler. Used on the event loop
/// only.
final class HandlerTask: @unchecked Sendable {
    private let context: HTTP2LoopContext
    private var task: Task<Void, Never>?
    private var work: HTTP2HandlerRun.Work?
    private var pause: UnsafeContinuation<Void, Never>?
    /// Odd while a handler runs; a number of its own for each handler.
    private var turn: UInt64 = 0

    init(context: HTTP2LoopContext) {
        self.context = context
    }

    /// Runs a handler at once, until it first waits.
    func start(_ work: @escaping HTTP2HandlerRun.Work) -> HTTP2HandlerRun {
        self.work = work
        turn += 1
        let run = HTTP2HandlerRun(task: self, turn: turn)
        if let pause {
            self.pause = nil
            context.runAtOnce { pause.resume() }
        } else {
            task = Task.immediate(executorPreference: context) { await self.serve() }
        }
        return run
    }

    /// Ends the task; it must be waiting for a handler.
    func end() {
        guard let pause else { return }
        self.pause = nil
        context.runAtOnce { pause.resume() }
    }

    /// Cancels a handler unless it has returned: the task may run the next handler already.
    func cancel(_ turn: UInt64) {
        if turn == self.turn { task?.cancel() }
    }

    private nonisolated(nonsending) func serve() async {
        while let work = takeWork() {
            await work()
            // A handler that returned on another thread, or was cancelled, is the last of this task.
            guard context.eventLoop.inEventLoop else { return }
            turn += 1
            guard !Task.isCancelled, context.hasRoomForIdle else { return }
            await withUnsafeContinuation { pause in
                self.pause = pause
                context.park(self)
            }
        }
    }

    private func takeWork() -> HTTP2HandlerRun.Work? {
        defer { work = nil }
        return work
    }
}

/// A handler that was started by `HTTP2Stream.run`. Used on the event loop only.
package struct HTTP2HandlerRun {
    /// The body of a handler. It stays on the event loop unless it moves to another executor itself.
    package typealias Work = nonisolated(nonsending) @Sendable () async -> Void

    let task: HandlerTask
    let turn: UInt64

    /// Cancels the handler's task. Has no effect once the handler has returned.
    package func cancel() { task.cancel(turn) }
}
