import Postgres

/// The parameters of a statement, from 1 on as in SQL.
struct Arguments {
    private let parameters: [PostgresParameter]

    init(_ parameters: [PostgresParameter]) { self.parameters = parameters }

    func integer(_ number: Int) -> Int64? {
        switch parameters[number - 1].standInValue {
        case .int8(let value): value
        case .int4(let value): Int64(value)
        case .text(let text): Int64(text)
        default: nil
        }
    }

    func text(_ number: Int) -> String {
        if case .text(let text) = parameters[number - 1].standInValue { text } else { "" }
    }

    /// An id of a transaction.
    func transaction(_ number: Int) -> UInt64 { UInt64(text(number)) ?? 0 }

    /// `{1,2}`.
    func transactions(_ number: Int) -> [UInt64] {
        number <= parameters.count ? ModelSnapshot.list(text(number).dropFirst().dropLast()) : []
    }

    func snapshot(_ number: Int) -> ModelSnapshot {
        ModelSnapshot(text(number)) ?? ModelSnapshot(xmax: 0, running: [])
    }

    func key(_ number: Int) -> ModelKey { ModelKey(type: text(number), id: text(number + 1)) }

    func integers(_ number: Int) -> [Int64] {
        parameters[number - 1].standInElements.map { $0.reduce(0) { $0 << 8 | Int64($1) } }
    }

    func texts(_ number: Int) -> [String] {
        parameters[number - 1].standInElements.map { String(decoding: $0, as: UTF8.self) }
    }
}
