import Glibc
import Synchronization

/// The fail point that is on in this process, and how often it was reached.
public final class ArmedFailPoint: Sendable {
    let setting: FailPointSetting
    private let reached = Atomic(0)

    init(_ setting: FailPointSetting) { self.setting = setting }

    /// Read once. A value that is wrong is refused when the process starts, see ``SabotageSettings``.
    static let ofThisProcess: ArmedFailPoint? = {
        guard let text = SabotageSettings.value(of: FailPointSetting.variable) else { return nil }
        return (try? FailPointSetting(text)).map { ArmedFailPoint($0) }
    }()

    /// Counts, and does what is to be done when the turn has come.
    ///
    /// - Throws: ``FailPointError`` with the action `error`.
    public func strike() throws(FailPointError) {
        guard isDue() else { return }
        announce()
        switch setting.action {
        case .kill: kill(getpid(), SIGKILL)
        // To this thread, which then does not go on for a single instruction.
        case .stop: raise(SIGSTOP)
        case .error: throw FailPointError(point: setting.point)
        }
    }

    /// Counts one time; whether it is the one.
    func isDue() -> Bool { reached.wrappingAdd(1, ordering: .relaxed).newValue == setting.count }

    /// The log has a thread of its own, which a kill does not wait for.
    private func announce() {
        let line = Array("fail point \(setting) is reached\n".utf8)
        _ = write(STDERR_FILENO, line, line.count)
    }
}
