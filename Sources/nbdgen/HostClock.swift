import CHost
import GeneratorKit

/// The clocks of the host.
enum HostClock {
  /// Both of them, for generators.
  static let clock = BuildEnvironment.Clock(
    sinceEpoch: { .nanoseconds(host_nanoseconds_since_epoch()) },
    now: { .now }
  )
}
