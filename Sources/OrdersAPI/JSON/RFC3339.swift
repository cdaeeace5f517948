/// Times as RFC 3339 text in UTC.
enum RFC3339 {
    /// `2024-01-01T10:00:00Z`; with three, six or nine decimals if there are any, as the JSON mapping of protobuf prints them.
    static func text(secondsSince1970: Int64, nanoseconds: Int32 = 0) -> String {
        let (days, secondOfDay) = floorDivision(secondsSince1970, 86_400)
        let (year, month, day) = date(daysSince1970: days)
        let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
        let time = "\(padded(secondOfDay / 3600, 2)):\(padded(secondOfDay / 60 % 60, 2)):\(padded(secondOfDay % 60, 2))"
        return "\(date)T\(time)\(fraction(nanoseconds))Z"
    }

    /// A day of the proleptic Gregorian calendar, after Howard Hinnant's `civil_from_days`: years start in March, so that the
    /// leap day is the last of its year.
    private static func date(daysSince1970: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = floorDivision(daysSince1970 + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    private static func floorDivision(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    private static func fraction(_ nanoseconds: Int32) -> String {
        if nanoseconds == 0 { return "" }
        let value = Int64(nanoseconds)
        if value % 1_000_000 == 0 { return "." + padded(value / 1_000_000, 3) }
        if value % 1000 == 0 { return "." + padded(value / 1000, 6) }
        return "." + padded(value, 9)
    }

    private static func padded(_ value: Int64, _ digits: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}
