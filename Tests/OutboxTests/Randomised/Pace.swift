import Foundation

/// Lets writers continue only as another thread makes steps: each of `steps` steps allows another part of the
/// transactions.
final class Pace: @unchecked Sendable {
    private let steps: Int
    /// Guards `made` and `hasEnded`, and wakes the threads that wait.
    private let condition = NSCondition()
    private var made = 0
    private var hasEnded = false

    init(steps: Int) {
        self.steps = steps
    }

    func advance() {
        condition.withLock {
            made += 1
            condition.broadcast()
        }
    }

    /// No more steps are made: all writers continue.
    func end() {
        condition.withLock {
            hasEnded = true
            condition.broadcast()
        }
    }

    /// Blocks the thread until enough steps were made for this transaction, counted from 0.
    func wait(before transaction: Int, of transactions: Int) {
        let needed = transaction * (steps + 1) / transactions
        condition.withLock {
            while made < needed, !hasEnded { condition.wait() }
        }
    }
}
