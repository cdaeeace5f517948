import Foundation
import InvariantKit
import TestKit

extension TestStack {
    struct Answer {
        let status: Int
        let json: [String: Any]
        let text: String

        func string(_ path: String...) -> String? {
            var value: Any? = json
            for name in path { value = (value as? [String: Any])?[name] }
            return value as? String
        }
    }

    /// One REST call, made by curl as a user would; curl asks again when the answer is 503, which says that nothing was
    /// written.
    func rest(_ method: String, _ path: String, _ body: String? = nil) async throws -> Answer {
        var words = [
            "curl", "--silent", "--retry", "10", "--retry-delay", "1", "--max-time", "30", "--write-out",
            "\n%{http_code}", "-X", method,
            httpURL + path,
        ]
        if let body { words += ["-H", "Content-Type: application/json", "-d", body] }
        let output = try await Command.output(words)
        guard let end = output.lastIndex(of: "\n"), let status = Int(output[output.index(after: end)...]) else {
            throw TestFailure("curl answered '\(output)'")
        }
        // Refused tries leave their bodies in front of the last one.
        let text =
            output[..<end].range(of: "}{", options: .backwards).map { "{" + output[$0.upperBound..<end] }
            ?? String(output[..<end])
        let json = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        return Answer(status: status, json: json ?? [:], text: text)
    }

    /// Places an order over REST; its id.
    func place(paymentMethod: String = "CREDIT_CARD") async throws -> String {
        let answer = try await rest(
            "POST", "/v1/orders",
            """
            {"customer_id":"big-name","product_id":"big-product","vendor_id":"big-vendor","quantity":5,
             "total_price":99.99,"payment_method":"\(paymentMethod)"}
            """)
        guard answer.status == 200, let id = answer.string("order_id") else {
            throw TestFailure("not placed: \(answer.text)")
        }
        return id
    }

    /// Waits until the projection shows a payment status: 3 is paid, 4 failed.
    func waitForPayment(_ orderID: String, status: Int) async throws {
        try await wait(
            for:
                "SELECT EXISTS (SELECT FROM order_projection WHERE order_id = '\(orderID)' AND payment_status = "
                + "\(status))"
        )
    }

    /// Starts clients that place orders over gRPC until the load is ended.
    func startLoad() async throws -> Load {
        let python = try await Command.python()
        let script = TestPaths.root.appending(path: "Tests/Clients/load.py").path
        return Load(process: try await ManagedProcess.start(URL(filePath: python), [script, grpcAddress]))
    }

    /// Orders being placed by gRPC clients that survive the server's absence.
    struct Load {
        let process: ManagedProcess

        /// Waits until this many more orders were acknowledged.
        func acknowledged(_ more: Int) async throws {
            try await process.writes(more)
        }

        /// Ends the load; every order that was acknowledged.
        func end() async throws -> [Acknowledgement] {
            process.signal(SIGTERM)
            _ = try await process.exit()
            return process.output.compactMap { line in
                let words = line.split(separator: " ")
                guard words.count == 2, let version = Int64(words[1]) else { return nil }
                return Acknowledgement(orderID: String(words[0]), version: version)
            }
        }
    }
}
