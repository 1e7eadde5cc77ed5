import NIOSSL

extension TransportSecurity {
  /// Encrypts with keys that clients share with the server.
  ///
  /// - Parameters:
  ///   - path: A file of lines `username:hexkey`, as GnuTLS's psktool writes it.
  ///   - isRequired: Whether clients that do not ask for TLS are turned away.
  /// - Throws: ``TransportSecurityError`` if the file cannot be used.
  public init(keysIn path: String, isRequired: Bool) throws(TransportSecurityError) {
    let keys: [String: [UInt8]]
    let text = try Self.read(path)
    do throws(KeyFileError) {
      keys = try KeyFile.parse(text)
    } catch {
      throw TransportSecurityError(path: path, problem: error.problem)
    }
    var configuration = TLSConfiguration.makePreSharedKeyConfiguration()
    // These keys are not for TLS 1.3 in the library that is used.
    configuration.maximumTLSVersion = .tlsv12
    // Keys that are lost later open no recording.
    configuration.cipherSuites = [
      "ECDHE-PSK-CHACHA20-POLY1305", "ECDHE-PSK-AES256-CBC-SHA", "ECDHE-PSK-AES128-CBC-SHA",
    ].joined(separator: ":")
    configuration.pskServerProvider = { client in
      // Nobody learns from the kind of failure which users there are.
      let key = keys[client.clientIdentity] ?? KeyFile.randomKey()
      return PSKServerIdentityResponse(key: NIOSSLSecureBytes(key))
    }
    do {
      try self.init(configuration, isRequired: isRequired)
    } catch {
      throw TransportSecurityError(path: path, problem: "\(error)")
    }
  }
}

/// What is wrong with a file of keys.
struct KeyFileError: Error, Equatable {
  var problem: String
}

/// A file of keys, as GnuTLS's psktool writes it.
enum KeyFile {
  /// Longest name and longest key that TLS is given, in bytes.
  private static let (nameLimit, keyLimit) = (128, 256)

  /// The keys by their users' names.
  static func parse(_ bytes: [UInt8]) throws(KeyFileError) -> [String: [UInt8]] {
    var keys: [String: [UInt8]] = [:]
    for (index, line) in bytes.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
      let line = line.last == 13 ? line.dropLast() : line
      if line.isEmpty { continue }
      // What is in the line is secret.
      let place = "line \(index + 1)"
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")),
        let name = name(line[..<colon]), let key = decode(line[(colon + 1)...]), !key.isEmpty
      else { throw KeyFileError(problem: "\(place): not of the form username:hexkey") }
      guard name.utf8.count <= nameLimit && key.count <= keyLimit else {
        let limits = "a name has at most \(nameLimit) bytes, a key \(keyLimit)"
        throw KeyFileError(problem: "\(place): \(limits)")
      }
      guard keys.updateValue(key, forKey: name) == nil else {
        throw KeyFileError(problem: "\(place): a second key for \"\(name)\"")
      }
    }
    guard !keys.isEmpty else { throw KeyFileError(problem: "no keys; psktool makes some") }
    return keys
  }

  /// A key that nobody has.
  static func randomKey() -> [UInt8] { (0..<32).map { _ in .random(in: .min ... .max) } }

  /// A user's name, which `#` marks as written in hexadecimal.
  private static func name(_ text: ArraySlice<UInt8>) -> String? {
    let isEncoded = text.first == UInt8(ascii: "#")
    guard let bytes = isEncoded ? decode(text.dropFirst()) : Array(text),
      !bytes.isEmpty, !bytes.contains(0)
    else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func decode(_ digits: ArraySlice<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    var rest = digits
    while let high = rest.popFirst() {
      guard let low = rest.popFirst(),
        let highValue = Character(UnicodeScalar(high)).hexDigitValue,
        let lowValue = Character(UnicodeScalar(low)).hexDigitValue
      else { return nil }
      bytes.append(UInt8(highValue << 4 | lowValue))
    }
    return bytes
  }
}
