public import Foundation

/// Paths in the checkout, derived from this source file, so that tests work from any working directory.
public enum TestPaths {
    /// The checkout.
    public static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The folder of the migrations.
    public static let migrations = root.appending(path: "migrations").path

    /// An executable of this package, built beside the test bundle that is running.
    public static func binary(_ name: String) -> URL {
        buildDirectory.appending(path: name)
    }

    /// The folder of the running test bundle: `.build/debug`, or wherever `--scratch-path` puts it.
    private static var buildDirectory: URL {
        let running = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        if running.pathExtension == "xctest" { return running.deletingLastPathComponent() }
        return root.appending(path: ".build/debug")
    }
}
