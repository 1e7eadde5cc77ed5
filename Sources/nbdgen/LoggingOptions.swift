import ArgumentParser
import GeneratorKit
import NBDServer

/// The options about what is seen from outside.
struct LoggingOptions: ParsableArguments {
  @Flag(name: [.short, .long], help: "Log what happens, and at the end what was done.")
  var verbose = false

  @Flag(name: [.short, .long], help: "Say nothing but errors.")
  var quiet = false

  @Option(
    name: .customLong("log-format"),
    parsing: .unconditional,
    help: .init("Form of log lines: text or json. (default: text)", valueName: "format"),
    completion: .list(["text", "json"])
  )
  var format: String?

  @Option(
    name: .customLong("log-file"),
    parsing: .unconditional,
    help: .init(
      "Log to the end of a file, which SIGHUP opens anew. (default: standard error)",
      valueName: "path"
    )
  )
  var path: String?

  @Option(
    name: .customLong("metrics"),
    parsing: .unconditional,
    help: .init(
      "Serve metrics over HTTP, for Prometheus: address:port, port or unix:path.",
      valueName: "where"
    )
  )
  var metrics: String?

  /// Where log lines go.
  func output() throws -> LogOutput {
    var format = LogOutput.Format.text
    if let word = self.format {
      guard let known = LogOutput.Format(rawValue: word) else {
        throw UserError(usage: "--log-format \(word): not a form of log lines; write text or json")
      }
      format = known
    }
    if path == "" { throw UserError(usage: "--log-file: not a path; write that of a file") }
    return try LogOutput(format: format, path: path.map(absolute))
  }

  /// Where metrics are served; `nil` for nowhere.
  func metricsEndpoint() throws -> Endpoint? {
    guard let text = metrics else { return nil }
    if text.hasPrefix("unix:") {
      let path = String(text.dropFirst(5))
      guard !path.isEmpty else {
        throw UserError(usage: "--metrics unix: has no path; write unix:PATH")
      }
      return .unix(path: absolute(path), mode: 0o600)
    }
    let colon = text.lastIndex(of: ":")
    let portText = colon.map { text[text.index(after: $0)...] } ?? text[...]
    var address = colon.map { String(text[..<$0]) } ?? ""
    if address.hasPrefix("["), address.hasSuffix("]") {
      address = String(address.dropFirst().dropLast())
    } else if address.contains(":") {
      throw UserError(usage: "--metrics \(text): an IPv6 address has brackets, as in [::1]:9100")
    }
    guard let port = UInt16(portText) else {
      throw UserError(
        usage: "--metrics \(text): not a place; write address:port, port or unix:path"
      )
    }
    return .tcp(address: address.isEmpty ? nil : address, port: Int(port))
  }
}
