import CHost
import SystemPackage

/// The process's environment.
enum Environment {
  /// All variables.
  static let variables: [String: String] = {
    var variables: [String: String] = [:]
    var index: Int32 = 0
    while let entry = unsafe host_environment_entry(index) {
      let text = unsafe String(cString: entry)
      if let equals = text.firstIndex(of: "=") {
        variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
      }
      index += 1
    }
    return variables
  }()
}

extension Environment {
  /// Takes a variable away from the children of this process.
  static func remove(_ name: String) { _ = unsafe host_unset_environment(name) }
}

/// The path as it is written from the root of the filesystem.
func absolute(_ path: String) -> String {
  if path.hasPrefix("/") { return path }
  var buffer = [CChar](repeating: 0, count: 4096)
  let result = unsafe buffer.withUnsafeMutableBufferPointer {
    unsafe host_working_directory($0.baseAddress, $0.count)
  }
  guard result == 0 else { return path }
  let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
  return String(decoding: bytes, as: UTF8.self) + "/" + path
}
