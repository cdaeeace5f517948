import Glibc

/// What the environment asks to break in this process.
public enum SabotageSettings {
    /// What is wrong with these variables, and which of them it is: a process must not run unbroken because of a typing
    /// error.
    public static func faults(in variables: [String: String]) -> [(variable: String, message: String)] {
        var faults: [(String, String)] = []
        if let text = variables[FailPointSetting.variable], !text.isEmpty {
            do throws(SabotageError) {
                _ = try FailPointSetting(text)
            } catch {
                faults.append((FailPointSetting.variable, error.description))
            }
        }
        if let text = variables[Mutant.variable], !text.isEmpty, let fault = fault(inMutant: text) {
            faults.append((Mutant.variable, fault))
        }
        return faults
    }

    private static func fault(inMutant text: String) -> String? {
        let names = Mutant.allCases.filter { $0.places.contains(.programs) }.map(\.rawValue)
        guard names.contains(text) else {
            return "there is no mutant '\(text)'; there are \(names.joined(separator: ", "))"
        }
        return Mutant.isPossible ? nil : "only a debug build can be broken on purpose"
    }

    /// A line for each thing that is broken on purpose, for the log of a program; none in an honest environment.
    public static func warnings(
        for program: String, in variables: [String: String]
    ) -> [String] {
        var lines: [String] = []
        if let text = variables[FailPointSetting.variable], let setting = try? FailPointSetting(text) {
            let isHere = setting.point.programs.contains(program)
            let others = setting.point.programs.joined(separator: " and ")
            lines.append(
                isHere
                    ? "\(FailPointSetting.variable) is set: this process will \(setting.action.rawValue) at "
                        + "\(setting.point.rawValue), time \(setting.count)"
                    : "\(FailPointSetting.variable) is set, and has no effect here: \(setting.point.rawValue) is of "
                        + others)
        }
        if let text = variables[Mutant.variable], Mutant(rawValue: text) != nil {
            lines.append("\(Mutant.variable) is set: this process is broken on purpose, as \(text)")
        }
        return lines
    }

    /// The value of a variable of this process; nil if it is unset or empty.
    static func value(of variable: String) -> String? {
        guard let text = getenv(variable).map({ String(cString: $0) }), !text.isEmpty else { return nil }
        return text
    }
}
