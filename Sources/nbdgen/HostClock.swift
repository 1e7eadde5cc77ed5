import CHost
import GeneratorKit

/// The clocks of the host.
enum HostClock {
  /// Both of them, for generators.
  static let clock = BuildEnvironment.Clock(
    sinceEpoch: { .nanoseconds(host_nanoseconds_since_epoch()) },
    now: { .now }
  )

  /// What time it is, in the form of RFC 3339.
  static var timestamp: String {
    let text = unsafe [CChar](unsafeUninitializedCapacity: 32) { buffer, count in
      let now = host_nanoseconds_since_epoch()
      count = unsafe Int(host_format_time(now, buffer.baseAddress, buffer.count))
    }
    return String(decoding: text.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
