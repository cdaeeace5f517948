/// A moment of the proleptic Gregorian calendar in UTC.
///
/// The calendar algorithm is Howard Hinnant's `civil_from_days` ("chrono-Compatible Low-Level Date Algorithms"): years
/// start in March, so that the leap day is the last day of its year, and 400 years are one era of 146,097 days.
public struct CivilTime: Hashable, Sendable {
    /// Negative before the year 0, which is 1 BC.
    public var year: Int64
    /// 1 to 12.
    public var month: Int64
    /// 1 to 31.
    public var day: Int64
    /// Days since the last Sunday, 0 to 6.
    public var weekday: Int
    /// 0 to 23.
    public var hour: Int64
    /// 0 to 59.
    public var minute: Int64
    /// 0 to 59; there are no leap seconds in Unix time.
    public var second: Int64
    /// 0 to 999,999,999.
    public var nanosecond: Int64

    /// - Parameters:
    ///   - secondsSince1970: Unix time, in seconds.
    ///   - nanosecond: 0 to 999,999,999, counted forward from that second.
    public init(secondsSince1970: Int64, nanosecond: Int64 = 0) {
        let (days, secondOfDay) = floorDivide(secondsSince1970, 86_400)
        (year, month, day) = Self.date(daysSince1970: days)
        // 1970-01-01 was a Thursday.
        weekday = Int(floorDivide(days + 4, 7).remainder)
        hour = secondOfDay / 3600
        minute = secondOfDay / 60 % 60
        second = secondOfDay % 60
        self.nanosecond = nanosecond
    }

    /// - Parameter microsecondsSince1970: Unix time, in microseconds.
    public init(microsecondsSince1970: Int64) {
        let (seconds, microsecond) = floorDivide(microsecondsSince1970, 1_000_000)
        self.init(secondsSince1970: seconds, nanosecond: microsecond * 1000)
    }

    /// Days from 1970 to a date, by the same calendar: years begin in March. Nothing is checked.
    public static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
    }

    private static func date(daysSince1970: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = floorDivide(daysSince1970 + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}

/// Division that rounds down, so that the remainder is never negative.
private func floorDivide(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
}

// MARK: - RFC 3339

extension CivilTime {
    /// How many decimals of a second RFC 3339 text has.
    public enum Decimals: Sendable {
        /// Three.
        case milliseconds
        /// Six, the resolution of Postgres.
        case microseconds
        /// None, three, six or nine, as many as are needed: the JSON mapping of protobuf.
        case asNeeded
    }

    /// The length in bytes of RFC 3339 with microseconds, `2026-01-31T12:34:56.123456Z`, for years 0 to 9999.
    public static let microsecondTextLength = 27

    /// RFC 3339 in UTC: `2024-01-01T10:00:00Z`, with decimals as asked for. Years beyond 9999 get more digits.
    public func rfc3339(_ decimals: Decimals = .asNeeded) -> String {
        guard 0...9999 ~= year else { return longRFC3339(decimals) }
        // One allocation: a page of the list has two times for each order.
        return String(unsafeUninitializedCapacity: Self.longestTextLength) { target in
            let target = UnsafeMutableRawBufferPointer(target)
            putSeconds(in: target)
            let digits = fractionDigits(decimals)
            guard digits > 0 else {
                target[Self.secondsLength] = UInt8(ascii: "Z")
                return Self.secondsLength + 1
            }
            put(nanosecond / Self.unit[digits / 3], digits, at: Self.secondsLength + 1, "Z", in: target)
            return Self.secondsLength + digits + 2
        }
    }

    /// `2024-01-01T10:00:00`.
    private static let secondsLength = 19
    private static let longestTextLength = secondsLength + 11
    /// Nanoseconds in the last decimal, for none, three, six and nine decimals.
    private static let unit: [Int64] = [1_000_000_000, 1_000_000, 1000, 1]

    private func fractionDigits(_ decimals: Decimals) -> Int {
        switch decimals {
        case .milliseconds: 3
        case .microseconds: 6
        case .asNeeded where nanosecond == 0: 0
        case .asNeeded where nanosecond % 1_000_000 == 0: 3
        case .asNeeded where nanosecond % 1000 == 0: 6
        case .asNeeded: 9
        }
    }

    private func longRFC3339(_ decimals: Decimals) -> String {
        let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
        return "\(date)T\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))\(fraction(decimals))Z"
    }

    /// Writes RFC 3339 with microseconds, ``microsecondTextLength`` bytes, without making a `String`.
    ///
    /// - Parameter target: at least that long.
    /// - Precondition: the year is 0 to 9999.
    /// - Returns: ``microsecondTextLength``.
    @discardableResult
    public func write(to target: UnsafeMutableRawBufferPointer) -> Int {
        precondition(target.count >= Self.microsecondTextLength, "no room for a time with microseconds")
        putSeconds(in: target)
        put(nanosecond / 1000, 6, at: 20, "Z", in: target)
        return Self.microsecondTextLength
    }

    /// With the decimal point behind them.
    private func putSeconds(in target: UnsafeMutableRawBufferPointer) {
        put(year, 4, at: 0, "-", in: target)
        put(month, 2, at: 5, "-", in: target)
        put(day, 2, at: 8, "T", in: target)
        put(hour, 2, at: 11, ":", in: target)
        put(minute, 2, at: 14, ":", in: target)
        put(second, 2, at: 17, ".", in: target)
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`: the date of HTTP (RFC 9110 §5.6.7).
    public var imfFixdate: String {
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let date = "\(padded(day, 2)) \(months[Int(month) - 1]) \(padded(year, 4))"
        return "\(days[weekday]), \(date) \(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2)) GMT"
    }

    private func fraction(_ decimals: Decimals) -> String {
        let digits = fractionDigits(decimals)
        return digits == 0 ? "" : "." + padded(nanosecond / Self.unit[digits / 3], digits)
    }

    private func padded(_ value: Int64, _ digits: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }

    /// Writes `value` with `digits` decimals, zeros in front, and the character that follows them.
    private func put(
        _ value: Int64, _ digits: Int, at offset: Int, _ after: Unicode.Scalar, in target: UnsafeMutableRawBufferPointer
    ) {
        var rest = value
        for index in stride(from: offset + digits - 1, through: offset, by: -1) {
            target[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        target[offset + digits] = UInt8(ascii: after)
    }
}
