extension RESTResponse {
    /// The only place that turns an error into an HTTP response: `{"code", "message", "details"}`, the details in the
    /// JSON mapping of `google.rpc`.
    init(_ error: APIError) {
        let error = error.withRESTNames
        var headers: ResponseFields = [:]
        if let delay = error.retryAfter { headers[.retryAfter] = String(delay.secondsRoundedUp) }
        if !error.allowedMethods.isEmpty { headers[.allow] = error.allowedMethods.joined(separator: ", ") }
        if let encodings = error.acceptedEncodings { headers[.acceptEncoding] = encodings }
        self = .json(status: error.httpStatus, headers: headers) { json in
            json.member("code", number: error.code.rawValue)
            json.member("message", error.message)
            json.name("details")
            json.array(error.jsonDetails) { json, detail in json.object { detail(&$0) } }
        }
    }
}

extension APIError {
    /// The fields of messages that have another name in REST: a header, and a token of two fields.
    private static let namesInREST = [
        "request_id": "Idempotency-Key", "at_least.order_id": "at_least", "at_least.version": "at_least",
    ]

    /// The error with the names that REST uses.
    fileprivate var withRESTNames: APIError {
        guard let colon = message.firstIndex(of: ":"), let name = Self.namesInREST[String(message[..<colon])] else {
            return self
        }
        var error = APIError(code, reason: reason, name + message[colon...])
        error.metadata = metadata
        error.violations = violations.map { FieldViolation(Self.namesInREST[$0.field] ?? $0.field, $0.problem) }
        error.retryAfter = retryAfter
        error.httpStatusOverride = httpStatusOverride
        error.allowedMethods = allowedMethods
        error.acceptedEncodings = acceptedEncodings
        return error
    }

    fileprivate var jsonDetails: [(inout JSONWriter) -> Void] {
        var details: [(inout JSONWriter) -> Void] = [
            { json in
                json.member("@type", "type.googleapis.com/google.rpc.ErrorInfo")
                json.member("reason", reason)
                json.member("domain", Self.domain)
                json.name("metadata")
                json.object { json in
                    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) { json.member(named: key, value) }
                }
            }
        ]
        if !violations.isEmpty { details.append(writeBadRequest) }
        if let retryAfter {
            details.append { json in
                json.member("@type", "type.googleapis.com/google.rpc.RetryInfo")
                json.member("retry_delay", "\(retryAfter.secondsRoundedUp)s")
            }
        }
        return details
    }

    private func writeBadRequest(_ json: inout JSONWriter) {
        json.member("@type", "type.googleapis.com/google.rpc.BadRequest")
        json.name("field_violations")
        json.array(violations) { json, violation in
            json.object { json in
                json.member("field", violation.field)
                json.member("description", violation.problem)
            }
        }
    }
}

extension Duration {
    /// Whole seconds for `Retry-After`, rounded up, at least 1.
    var secondsRoundedUp: Int64 { max(1, components.seconds + (components.attoseconds > 0 ? 1 : 0)) }
}
