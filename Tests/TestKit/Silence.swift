public import Logging

/// A logger for what a test does not look at.
public let silence = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
