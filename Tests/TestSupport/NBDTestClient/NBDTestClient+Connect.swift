extension NBDTestClient {
  package enum Endpoint: Sendable {
    case unix(String)
    case tcp(port: Int, host: String = "127.0.0.1")
  }

  /// Connects and negotiates up to transmission; `OptionRefused` if any step is refused.
  ///
  /// `contexts` selects `base:allocation`, and only together with `structured`.
  package static func connect(
    _ endpoint: Endpoint,
    exportName: String = "",
    structured: Bool = true,
    contexts: Bool = true,
    requests: [UInt16] = [NBD.Info.blockSize],
    timeout: Double = 20
  ) throws -> NBDTestClient {
    let client = try negotiating(endpoint, timeout: timeout)
    if structured {
      try client.negotiateStructuredReplies()
      if contexts { try client.setMetaContexts(name: exportName, ["base:allocation"]) }
    }
    try client.go(name: exportName, requests: requests)
    return client
  }

  /// Connects, and says nothing yet.
  package static func connected(
    _ endpoint: Endpoint,
    timeout: Double = 20
  ) throws -> NBDTestClient {
    switch endpoint {
    case .unix(let path): try NBDTestClient(unixPath: path, timeout: timeout)
    case .tcp(let port, let host): try NBDTestClient(tcpPort: port, host: host, timeout: timeout)
    }
  }

  /// Connects and exchanges greeting and client flags; options may follow.
  package static func negotiating(
    _ endpoint: Endpoint,
    clientFlags: UInt32 = NBD.ClientFlag.fixedNewstyle | NBD.ClientFlag.noZeroes,
    timeout: Double = 20
  ) throws -> NBDTestClient {
    let client = try connected(endpoint, timeout: timeout)
    try client.readGreeting()
    try client.sendClientFlags(clientFlags)
    return client
  }
}
