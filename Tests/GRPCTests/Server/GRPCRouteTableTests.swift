import Testing

@testable import GRPC

/// Methods are found by the bytes of their paths, and nothing else is.
@Suite struct GRPCRouteTableTests {
    private static func table(_ names: [String]) -> GRPCRouteTable {
        GRPCRouteTable(
            Dictionary(uniqueKeysWithValues: names.map { ($0, GRPCMethod(name: $0, start: .headers { _ in })) }))
    }

    private static func find(_ path: String, in table: GRPCRouteTable) -> String? {
        Array(path.utf8).withUnsafeBytes { table.find($0)?.name }
    }

    /// Names of every length from one byte on, many that differ in one byte, and many that share beginning and end.
    private static let names: [String] =
        (1...40).map { String(repeating: "a", count: $0) }
        + (0..<200).map { "orders.v1.OrderService/Method\($0)" }
        + (0..<200).map { "service\($0).v1/Check" }

    @Test func everyMethodIsFoundByItsPath() {
        let table = Self.table(Self.names)
        for name in Self.names { #expect(Self.find("/" + name, in: table) == name) }
    }

    @Test(arguments: ["", "/", "a", "//a", "/a ", "/aaaaaaab", "/orders.v1.OrderService/Method", "/service0.v1/check"])
    func anotherPathIsNoMethod(_ path: String) {
        #expect(Self.find(path, in: Self.table(Self.names)) == nil)
    }
}
