import Foundation

/// The import declarations of Swift files.
enum SwiftImports {
    /// The modules that a file imports: `import A`, `public import A`, `@testable import A`, `import struct A.B`.
    static func modules(in source: String) -> Set<String> {
        // Made at each call: a Regex is not Sendable.
        let declaration =
            #/
            ^\s*(?:@\w+(?:\([^)]*\))?\s+)*
            (?:(?:public|package|internal|fileprivate|private)\s+)?
            import\s+
            (?:(?:struct|class|enum|protocol|typealias|func|let|var)\s+)?
            (\w+)
            /#.anchorsMatchLineEndings()
        return Set(source.matches(of: declaration).map { String($0.output.1) })
    }

    /// The modules that the Swift files of a target import, with the first file (relative to the root) that does.
    static func modules(of target: PackageGraph.Target, root: URL) throws -> [String: String] {
        let folder = root.appending(path: target.path)
        let excluded = target.exclude.map { folder.appending(path: $0).path() }
        var found: [String: String] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path()).sorted()
        where name.hasSuffix(".swift") {
            let file = folder.appending(path: name)
            guard !excluded.contains(where: { file.path() == $0 || file.path().hasPrefix($0 + "/") }) else { continue }
            for module in modules(in: try String(contentsOf: file, encoding: .utf8)) where found[module] == nil {
                found[module] = target.path + "/" + name
            }
        }
        return found
    }
}
