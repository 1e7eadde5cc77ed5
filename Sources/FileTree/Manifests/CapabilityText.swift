import GeneratorKit

/// File capabilities as cap_from_text(3) has them, `cap_net_raw,cap_chown+ep`, and as
/// they are stored in `security.capability`.
struct CapabilityText: Equatable, Sendable {
  private var permitted: UInt64 = 0
  private var inheritable: UInt64 = 0
  private var effective: UInt64 = 0

  /// The names by their numbers (linux/capability.h).
  static let names = [
    "chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid",
    "setpcap", "linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw",
    "ipc_lock", "ipc_owner", "sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct",
    "sys_admin", "sys_boot", "sys_nice", "sys_resource", "sys_time", "sys_tty_config", "mknod",
    "lease", "audit_write", "audit_control", "setfcap", "mac_override", "mac_admin", "syslog",
    "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf", "checkpoint_restore",
  ].map { "cap_" + $0 }

  /// Adds a clause: names, or none for all, and what becomes of them.
  mutating func add(_ clause: ManifestWord) throws(ManifestError) {
    let text = clause.bytes
    let end = text.firstIndex { "+-=".utf8.contains($0) }
    guard let end else {
      throw clause.error("\(clause.printable) does not say what for, such as +ep")
    }
    let capabilities = try Self.capabilities(clause, before: end)
    var rest = text[end...]
    while let sign = rest.popFirst() {
      let letters = rest.prefix { !"+-=".utf8.contains($0) }
      rest = rest.dropFirst(letters.count)
      guard letters.allSatisfy("eip".utf8.contains) else {
        let place = clause.place(after: letters.startIndex - text.startIndex)
        throw ManifestError("after +, - and = there are the letters e, i and p", at: place)
      }
      func change(_ bits: inout UInt64, _ letter: UInt8) {
        let isNamed = letters.contains(letter)
        if sign == UInt8(ascii: "=") { bits &= ~capabilities }
        guard isNamed else { return }
        if sign == UInt8(ascii: "-") { bits &= ~capabilities } else { bits |= capabilities }
      }
      change(&effective, UInt8(ascii: "e"))
      change(&inheritable, UInt8(ascii: "i"))
      change(&permitted, UInt8(ascii: "p"))
    }
  }

  private static func capabilities(
    _ clause: ManifestWord,
    before end: Int
  ) throws(ManifestError) -> UInt64 {
    let all = (UInt64(1) << UInt64(names.count)) - 1
    let list = clause.bytes[..<end]
    if list.isEmpty { return all }
    var capabilities: UInt64 = 0
    for name in list.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      let text = String(decoding: name, as: UTF8.self).lowercased()
      if text == "all" {
        capabilities = all
      } else if let number = names.firstIndex(of: text) {
        capabilities |= 1 << UInt64(number)
      } else {
        let place = clause.place(after: name.startIndex - clause.bytes.startIndex)
        let word = ManifestWord(bytes: name, place: place)
        let match = text.utf8.count > 40 ? nil : closestMatch(to: text, among: names)
        let advice = match.map { "; did you mean \($0)?" } ?? ""
        throw word.error("\(word.printable) is no capability\(advice)")
      }
    }
    return capabilities
  }

  /// The value of the attribute: `vfs_cap_data` of revision 2; `nil` if it cannot say
  /// so, for a file has one bit for "effective".
  var stored: [UInt8]? {
    guard effective == 0 || effective == permitted | inheritable else { return nil }
    var bytes: [UInt8] = [effective == 0 ? 0 : 1, 0, 0, 2]
    for half in [UInt64(0), 32] {
      for set in [permitted, inheritable] {
        let word = set >> half
        for shift in stride(from: UInt64(0), to: 32, by: 8) {
          bytes.append(UInt8(truncatingIfNeeded: word >> shift))
        }
      }
    }
    return bytes
  }
}
