/// Whole numbers for people.
public enum DigitGroups {
    /// In groups of three digits: `12 345 678`.
    public static func text(_ number: some BinaryInteger) -> String {
        var (digits, groups) = (Array("\(number.magnitude)"), [String]())
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return (number < 0 ? "-" : "") + ([String(digits)] + groups).joined(separator: " ")
    }
}
