/// What `--version` says.
enum RelayVersion {
    static let text = "0.1.0"
}
