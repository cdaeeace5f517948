import NIOCore

/// A task that runs one handler after the other on an event loop: to make and end a task costs more than a light call's
/// own work.
///
/// A handler that was cancelled takes its task with it, so no cancellation outlives its call. Touched on the event loop
/// only.
final class HandlerTask: @unchecked Sendable {
    private let context: HTTP2LoopContext
    private var task: Task<Void, Never>?
    private var work: HTTP2HandlerRun.Work?
    private var pause: UnsafeContinuation<Void, Never>?
    /// Odd while a handler runs; each has its own.
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

    /// Ends the task; it waits for work.
    func end() {
        guard let pause else { return }
        self.pause = nil
        context.runAtOnce { pause.resume() }
    }

    /// Cancels a handler, unless it is over: the task may have the next one already.
    func cancel(_ turn: UInt64) {
        if turn == self.turn { task?.cancel() }
    }

    private nonisolated(nonsending) func serve() async {
        while let work = takeWork() {
            await work()
            // A handler that comes back on another thread, or cancelled, was the last of this task.
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
