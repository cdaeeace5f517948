import Sabotage

extension DrillScene {
    /// Starts the service so that it breaks at the point, at another time of passing each, and again when it has done
    /// so; in the end without.
    ///
    /// - Parameters:
    ///   - times: how often it breaks.
    ///   - counts: how often the point is passed before.
    func strike(_ service: DrillStack.Service, at point: FailPoint, times: Int, counts: ClosedRange<Int>) throws {
        try stack.terminate(service)
        for _ in 0..<times {
            let setting = FailPointSetting(point, count: number(counts))
            try stack.waitUntilStruck(try stack.start(service, with: setting), setting)
            mark("\(service.rawValue) died at \(setting.point.rawValue)")
        }
        try stack.start(service)
        try stack.waitUntilReady(service)
    }
}

extension DrillStack {
    /// Waits until the process is where the fail point has it die or stand still.
    func waitUntilStruck(_ process: ChildProcess, _ setting: FailPointSetting) throws {
        let word = "fail point \(setting) is reached"
        try Patience.until("\(setting) in \(process.name)") {
            if process.line(beginning: word) != nil { return true }
            guard process.isRunning else { throw DrillError("\(process.name) ended before \(setting)") }
            return false
        }
        guard setting.action == .kill else { return }
        guard try process.exit() == 137 else { throw DrillError("\(process.name) did not die at \(setting)") }
    }
}
