import CHost
import NBDServer
import SystemPackage

/// The standard input and output, as a way to a client.
enum StandardStreams {
  /// The way to the client at their other end; nothing else may write there from now
  /// on.
  static func take() throws -> Endpoint {
    var (input, output, isSocket): (CInt, CInt, CInt) = (-1, -1, 0)
    let result = unsafe host_take_standard_streams(&input, &output, &isSocket)
    guard result == 0 else {
      throw UserError(host: "-s: \(Errno(rawValue: -result).description)")
    }
    return .connection(input: input, output: isSocket == 0 ? output : nil)
  }
}
