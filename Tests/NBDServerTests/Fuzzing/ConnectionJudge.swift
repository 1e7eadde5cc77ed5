import TestSupport

/// Reads both sides of a connection, and finds fault with the server's.
///
/// Requests are answered in their order, as nothing has to wait for storage.
struct ConnectionJudge {
  /// The exports; the first is the default.
  var exports: [(name: [UInt8], disk: FuzzDisk)]
  var optionLimit: Int
  var optionSizeLimit: Int
  var lengthLimit: Int

  /// Whether the server was told to end, or the client vanished: then the
  /// conversation may be over before the client has said everything.
  var isCutShort: Bool

  /// Checks what the server said to what the client said.
  func check(_ said: [UInt8], to sent: [UInt8]) throws {
    let client = NBDTestClient(hearing: said)
    var input = FuzzInput(sent)
    do {
      try client.readGreeting()
      if let (name, judge) = try negotiate(&input, client) {
        try transmit(name, judge, &input, client)
      }
    } catch ConnectionFailure.closed where isCutShort {
      return
    }
    try expect(client.hasHeardAll || isCutShort, "the server says more than it was asked")
  }

  /// Reads the first phase; the export that requests follow for, if any do.
  private func negotiate(
    _ input: inout FuzzInput,
    _ client: NBDTestClient
  ) throws -> (name: [UInt8], OptionJudge)? {
    guard let flags = input.number(4), flags <= 3 else { return nil }
    var judge = OptionJudge(
      flags: UInt32(flags),
      exports: exports.map { ($0.name, UInt64($0.disk.size)) },
      limit: optionLimit
    )
    judge.mayShutDown = isCutShort
    while input.number(8) == NBD.Magic.option, let code = input.number(4),
      let size = input.number(4), size <= optionSizeLimit, let data = input.exactly(Int(size))
    {
      switch try judge.judge(UInt32(code), data, client) {
      case .goesOn: continue
      case .transmits(let name): return (name, judge)
      case .closes, .encrypts: return nil
      }
    }
    return nil
  }

  /// Reads the second phase.
  private func transmit(
    _ name: [UInt8],
    _ options: OptionJudge,
    _ input: inout FuzzInput,
    _ client: NBDTestClient
  ) throws {
    let export = exports.first { name.isEmpty || $0.name == name }
    guard let disk = export?.disk else { return }
    let judge = RequestJudge(
      disk: disk,
      isStructured: options.isStructured,
      isExtended: options.isExtended,
      contexts: options.contexts(of: name),
      lengthLimit: lengthLimit,
      mayShutDown: isCutShort
    )
    judge.prepare(client)
    while let request = nextRequest(&input, judge) {
      guard try judge.judge(request, client) else { return }
    }
  }

  /// The next request with all that follows it; `nil` if there is none that has to be answered.
  private func nextRequest(
    _ input: inout FuzzInput,
    _ judge: RequestJudge
  ) -> NBDTestClient.Request? {
    let magic = judge.isExtended ? NBD.Magic.extendedRequest : NBD.Magic.request
    guard input.number(4) == UInt64(magic), let flags = input.number(2),
      let type = input.number(2), let cookie = input.number(8), let offset = input.number(8),
      let length = input.number(judge.isExtended ? 8 : 4)
    else { return nil }
    var request = NBDTestClient.Request(
      type: UInt16(type),
      flags: UInt16(flags),
      cookie: cookie,
      offset: offset,
      length: length
    )
    let size = judge.payloadSize(request)
    guard size <= (judge.isExtended ? 1 << 26 : UInt32.max),
      let payload = input.exactly(Int(size))
    else { return nil }
    request.payload = payload
    return request
  }
}

extension FuzzInput {
  /// Takes a number of `count` bytes, if they are there.
  fileprivate mutating func number(_ count: Int) -> UInt64? {
    exactly(count)?.reduce(0) { $0 << 8 | UInt64($1) }
  }
}
