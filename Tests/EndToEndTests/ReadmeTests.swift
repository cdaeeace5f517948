import Foundation
import TestKit
import Testing

extension EndToEndTests {
    /// The README's curl examples, run as they stand there, must give answers of the shape that stands below them.
    @Suite struct ReadmeTests {
        @Test func everyCurlExampleAnswersWhatTheREADMEShows() async throws {
            let examples = try Self.examples()
            #expect(examples.count == 6)
            try await TestStack.with { stack in
                var orderID = ""
                for example in examples {
                    let answer = try await Self.run(example.command, stack, orderID)
                    let problem = Self.difference(answer, example.answer, "answer")
                    #expect(problem == nil, "\(example.command)\n\(problem ?? "")\n\(answer)")
                    if orderID.isEmpty {
                        orderID = try #require((answer as? [String: Any])?["order_id"] as? String)
                        try await stack.waitForPayment(orderID, status: 3)
                    }
                }
                try await stack.expectInvariants()
            }
        }

        /// The same examples with the package's own words: what a user pastes from the reference must work here too.
        @Test func theReferencesStatusNamesAreKnown() async throws {
            try await TestStack.with([.server]) { stack in
                let id = try await stack.place()
                for status in ["UNSPECIFIED", "WAITING_FOR_PAYMENT", "WAITING_FOR_SHIPMENT", "CANCELLED"] {
                    let answer = try await stack.rest(
                        "PUT", "/v1/orders/\(id)/shipping-status", #"{"status": "SHIPPING_STATUS_\#(status)"}"#)
                    #expect(answer.status == 400)
                    #expect(answer.string("message")?.contains("status") == true)
                }
                #expect(try await stack.rest("GET", "/v1/orders/018f1234-5678-9abc-def0-123456789abc").status == 404)
            }
        }

        private struct Example {
            let command: String
            let answer: Any
        }

        private static func run(_ command: String, _ stack: TestStack, _ orderID: String) async throws -> Any {
            let here = command.replacing("http://localhost:8080", with: stack.httpURL)
            let output = try await Command.output(["bash", "-c", here], environment: ["ORDER_ID": orderID])
            return try JSONSerialization.jsonObject(with: Data(output.utf8))
        }

        /// The fenced blocks of the section about REST: each command with the JSON block after it.
        private static func examples() throws -> [Example] {
            let text = try String(contentsOf: TestPaths.root.appending(path: "README.md"), encoding: .utf8)
            let section = try #require(text.split(separator: "\n## ").first { $0.hasPrefix("The API over REST") })
            let blocks = section.split(separator: "```").filter { $0.hasPrefix("bash\n") || $0.hasPrefix("json\n") }
            return try stride(from: 0, to: blocks.count - 1, by: 2).map { index in
                try #require(blocks[index].hasPrefix("bash\n") && blocks[index + 1].hasPrefix("json\n"))
                let json = Data(blocks[index + 1].dropFirst("json\n".count).utf8)
                return Example(
                    command: String(blocks[index].dropFirst("bash\n".count)),
                    answer: try JSONSerialization.jsonObject(with: json))
            }
        }

        /// The first place where two values have different members or kinds; nil if the shape is the same.
        private static func difference(_ found: Any, _ shown: Any, _ path: String) -> String? {
            switch (found, shown) {
            case (let found as [String: Any], let shown as [String: Any]):
                guard Set(found.keys) == Set(shown.keys) else {
                    return "\(path) has \(found.keys.sorted()), not \(shown.keys.sorted())"
                }
                return shown.keys.sorted().lazy.compactMap {
                    difference(found[$0] ?? 0, shown[$0] ?? 0, path + "." + $0)
                }.first
            case (let found as [Any], let shown as [Any]):
                guard let first = shown.first else { return nil }
                return found.isEmpty ? "\(path) is empty" : difference(found[0], first, path + "[0]")
            case (let found as String, let shown as String):
                let isStatus = found.hasPrefix("PAYMENT_") || found.hasPrefix("SHIPPING_")
                return isStatus && found != shown ? "\(path) is \(found)" : nil
            default:
                return found is NSNumber && shown is NSNumber ? nil : "\(path) is \(found)"
            }
        }
    }
}
