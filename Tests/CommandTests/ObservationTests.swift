import Foundation
import TestSupport
import Testing

/// What is seen of a server from outside: its log, its statistics, its metrics.
@CommandThread
@Suite(.tags(.command), .timeLimit(.minutes(30)))
struct ObservationTests {
  /// What is found once it is there, within 20 seconds.
  private func wait<Value>(for find: () throws -> Value?) throws -> Value {
    for _ in 0..<2000 {
      if let value = try find() { return value }
      usleep(10_000)
    }
    throw ToolFailure("nothing comes")
  }

  /// The lines of a file, each a JSON object.
  private func objects(_ path: String) throws -> [[String: Any]] {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [] }
    return try text.split(separator: "\n").map { line in
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
      return try #require(object as? [String: Any], "\(line)")
    }
  }

  /// Asks an HTTP server, and returns all that it says.
  private func get(
    _ target: String,
    method: String = "GET",
    from place: NBDTestClient.Endpoint
  ) throws -> String {
    let client = try NBDTestClient.connected(place)
    defer { client.close() }
    try client.send(
      Array("\(method) \(target) HTTP/1.1\r\nHost: nbdgen\r\nConnection: close\r\n\r\n".utf8)
    )
    return String(decoding: try client.receiveUntilEOF(), as: UTF8.self)
  }

  /// Where a server says that metrics are.
  private func metricsPort(_ server: NbdgenProcess) throws -> Int {
    let line = try wait { try server.log().first { $0.contains("metrics at ") } }
    let match = try #require(line.firstMatch(of: /:([0-9]+)\/metrics/))
    return try #require(Int(match.1))
  }

  @Test("SIGUSR1 has it say what it did, in lines with bars, and it goes on")
  func statistics() throws {
    let server = try NbdgenProcess(["data", "1 2 3 @+1M"])
    try Program("nbdcopy").succeed(["--no-extents", server.uri, "null:"])
    server.running.send(SIGUSR1)
    let lines = try wait {
      let log = try server.log()
      return log.contains { $0.contains("#") } ? log : nil
    }
    #expect(lines.contains { $0.contains("requests: read ") })
    #expect(lines.contains { $0.contains("read 1 MiB") || $0.contains("read 1048579 bytes") })
    #expect(lines.contains { $0.contains("up to ") && $0.hasSuffix("#") })
    try Program("nbdinfo").succeed(["--size", server.uri])
    #expect(try server.stop() == 0)
  }

  @Test("-v has it say at its end what it did")
  func verbose() throws {
    let scene = try Scene()
    let words = ["-v", "-U", "-", "data", "0x55*512", "--run", "nbdcopy \"$uri\" null:"]
    let outcome = try scene.run(words)
    #expect(outcome.status == 0)
    #expect(outcome.errorLines.contains { $0.contains("came to use an export") })
    #expect(outcome.errorLines.contains { $0.contains("read 512 bytes") })
  }

  @Test("The log can be a file of JSON lines, and SIGHUP opens it anew")
  func logFile() throws {
    let scene = try Scene()
    let path = scene("log")
    let server = try NbdgenProcess(
      ["-v", "--log-file", path, "--log-format", "json", "-e", "a \"name\"\u{1F4BE}", "data", "1"]
    )
    try Program("nbdinfo").succeed(["--size", server.uri])
    let first = try wait { try objects(path).first { $0["export"] != nil } }
    #expect(first["export"] as? String == "a \"name\"\u{1F4BE}")
    #expect(first["level"] as? String == "debug" && first["client"] as? String == "unix")
    let time = try #require(first["time"] as? String)
    let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    #expect(abs(try format.parse(time).timeIntervalSinceNow) < 600)

    try FileManager.default.moveItem(atPath: path, toPath: scene("log.1"))
    server.running.send(SIGHUP)
    _ = try wait { FileManager.default.fileExists(atPath: path) ? true : nil }
    server.running.send(SIGUSR1)
    let statistics = try wait {
      try objects(path).first { $0["message"] as? String == "statistics" }
    }
    #expect(statistics["connections"] as? Int == 1)
    #expect(try objects(scene("log.1")).allSatisfy { $0["message"] as? String != "statistics" })
    // Where it cannot be opened, the old one stays, and says so.
    try FileManager.default.removeItem(atPath: path)
    try RawPath(path).makeDirectory()
    server.running.send(SIGHUP)
    try Program("nbdinfo").succeed(["--size", server.uri])
    #expect(try server.stop() == 0)
    #expect(try server.log().count == 1, "only what it serves is said elsewhere")
  }

  @Test("SIGHUP ends a server that logs to its terminal")
  func hangUp() throws {
    let server = try NbdgenProcess(["data", "1"])
    #expect(try server.stop(SIGHUP) == 0)
  }

  @Test("Metrics are served over HTTP", arguments: ["0", "127.0.0.1:0", "[::1]:0", "unix"])
  func metrics(place: String) throws {
    let scene = try Scene()
    let isUnix = place == "unix"
    let server = try NbdgenProcess(
      ["--metrics", isUnix ? "unix:\(scene("metrics"))" : place, "data", "0x55*4096"]
    )
    try Program("nbdcopy").succeed([server.uri, "null:"])
    let host = place.hasPrefix("[") ? "::1" : "127.0.0.1"
    let source: NBDTestClient.Endpoint =
      try isUnix ? .unix(scene("metrics")) : .tcp(port: metricsPort(server), host: host)
    let reply = try wait {
      let reply = try get("/metrics", from: source)
      return reply.contains("nbdgen_read_bytes_total 4096\n") ? reply : nil
    }
    #expect(reply.hasPrefix("HTTP/1.1 200 OK"))
    #expect(reply.contains("content-type: text/plain; version=0.0.4"))
    #expect(reply.contains("nbdgen_requests_total{command=\"read\"} 1"))
    #expect(try get("/", from: source).hasPrefix("HTTP/1.1 404"))
    #expect(try get("/metrics", method: "POST", from: source).hasPrefix("HTTP/1.1 405"))
    #expect(try get("/metrics?x=1", method: "HEAD", from: source).hasPrefix("HTTP/1.1 200"))
    #expect(try server.stop() == 0)
    #expect(!isUnix || !FileManager.default.fileExists(atPath: scene("metrics")))
  }

  @Test("Those who collect metrics cannot keep a server, or fill it")
  func metricsClients() throws {
    let server = try NbdgenProcess(["--metrics", "0", "data", "1"])
    let place = NBDTestClient.Endpoint.tcp(port: try metricsPort(server), host: "127.0.0.1")
    let all = try (0..<20).map { _ in try NBDTestClient.connected(place) }
    let isFull = try wait {
      try all.count { try $0.isAtEOF(within: 0.01) } == 4 ? true : nil
    }
    #expect(isFull)
    let held = try all.filter { try !$0.isAtEOF(within: 0.01) }
    for client in held[..<8] {
      try client.send([UInt8](repeating: 0xFF, count: 1000))
      // Refused, and closed.
      _ = try? client.receiveUntilEOF()
    }
    try Program("nbdinfo").succeed(["--size", server.uri])
    #expect(try server.stop() == 0)
    for client in held { client.close() }
  }

  @Test(
    "What makes no sense is refused",
    arguments: [
      (["--log-format", "xml"], 2, "text or json"), (["--log-file", ""], 2, "not a path"),
      (["--log-file", "/nonexistent/log"], 1, "/nonexistent/log"),
      (["--metrics", "here"], 2, "address:port"), (["--metrics", "::1:80"], 2, "[::1]:9100"),
      (["--metrics", "1.2.3.4:70000"], 2, "address:port"), (["--metrics", "unix:"], 2, "no path"),
      (["--metrics", "unix:/nonexistent/socket"], 1, "/nonexistent/socket"),
      (["--vsock", "-U", "x"], 2, "-U"), (["--vsock", "-i", "::1"], 2, "-i"),
      (["--vsock", "--mode", "600"], 2, "--mode"), (["--vsock", "-p", "4294967295"], 2, "vsock"),
      (["-s", "--vsock"], 2, "--vsock"), (["--limit", "buffer-memory=1"], 2, "buffer-memory"),
    ]
  )
  func refused(words: [String], status: Int32, fragment: String) throws {
    let scene = try Scene()
    let isPlaced = words.contains { ["--vsock", "-s"].contains($0) }
    let place = isPlaced ? [] : ["-U", "-"]
    let outcome = try scene.run(place + words + ["data", "1"])
    expectOneLine(outcome, status: status, saying: [fragment])
    #expect(try scene.leftovers().isEmpty)
  }
}
