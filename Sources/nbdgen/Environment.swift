import CHost
import Synchronization
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

/// Where relative paths start.
enum WorkingDirectory {
  /// Where the program was started.
  static let start: String = {
    var buffer = [CChar](repeating: 0, count: 4096)
    let result = unsafe buffer.withUnsafeMutableBufferPointer {
      unsafe host_working_directory($0.baseAddress, $0.count)
    }
    guard result == 0 else { return "." }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }()

  /// Moves to another directory, where what is built finds its files.
  ///
  /// - Throws: The host's error.
  static func move(to path: String) throws(Errno) {
    _ = start
    let result = unsafe host_change_directory(path)
    guard result == 0 else { throw Errno(rawValue: -result) }
    hasMoved.store(true, ordering: .relaxed)
  }

  /// Where commands of the user run, if that is not where the program is.
  static var ofCommands: String? { hasMoved.load(ordering: .relaxed) ? start : nil }

  private static let hasMoved = Atomic(false)
}

/// The path as it is written from the root of the filesystem; a relative one starts
/// where the program was started.
func absolute(_ path: String) -> String {
  path.hasPrefix("/") ? path : WorkingDirectory.start + "/" + path
}
