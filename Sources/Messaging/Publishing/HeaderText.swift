internal import Postgres

/// Writes header values as text straight into the header writer's memory.
enum HeaderText {
    /// `2026-01-31T12:34:56.123456Z`
    static let timeLength = 27

    /// The 36 characters of a UUID, in lower case.
    static func write(_ uuid: UUIDBytes, to target: UnsafeMutableRawBufferPointer) -> Int {
        var offset = 0
        for (half, value) in [(0, uuid.high), (1, uuid.low)] {
            for index in 0..<16 {
                if half == 0 && (index == 8 || index == 12) || half == 1 && (index == 0 || index == 4) {
                    target[offset] = UInt8(ascii: "-")
                    offset += 1
                }
                let digit = UInt8(truncatingIfNeeded: value >> UInt64(60 - 4 * index)) & 15
                target[offset] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
                offset += 1
            }
        }
        return offset
    }

    /// A time in microseconds since 1970 as RFC 3339 in UTC.
    ///
    /// - Parameter microseconds: within ``OutboxRow/times``.
    static func write(microseconds: Int64, to target: UnsafeMutableRawBufferPointer) -> Int {
        let second = floorDivide(microseconds, 1_000_000)
        let day = floorDivide(second, 86_400)
        let date = civilDate(day)
        let time = second - day * 86_400
        put(date.year, 4, at: 0, "-", in: target)
        put(date.month, 2, at: 5, "-", in: target)
        put(date.day, 2, at: 8, "T", in: target)
        put(time / 3600, 2, at: 11, ":", in: target)
        put(time / 60 % 60, 2, at: 14, ":", in: target)
        put(time % 60, 2, at: 17, ".", in: target)
        put(microseconds - second * 1_000_000, 6, at: 20, "Z", in: target)
        return timeLength
    }

    private static func put(
        _ value: Int64, _ digits: Int, at offset: Int, _ after: Unicode.Scalar, in target: UnsafeMutableRawBufferPointer
    ) {
        var rest = value
        for index in stride(from: offset + digits - 1, through: offset, by: -1) {
            target[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        target[offset + digits] = UInt8(ascii: after)
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        value >= 0 ? value / divisor : (value - divisor + 1) / divisor
    }

    /// Days since 1970 to a date, by eras of 400 years (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    private static func civilDate(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}
