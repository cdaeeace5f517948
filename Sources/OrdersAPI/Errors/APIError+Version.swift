extension APIError {
    static let versionMismatchReason = "VERSION_MISMATCH"

    /// A write insisted on a version that the order is not at.
    static func versionMismatch(expected: UInt32, actual: UInt32) -> APIError {
        var error = APIError(
            .aborted, reason: versionMismatchReason,
            "expected_version: the order is at version \(actual), not at \(expected)")
        error.metadata = ["expected_version": "\(expected)", "actual_version": "\(actual)"]
        return error
    }
}
