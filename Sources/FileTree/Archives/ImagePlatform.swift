/// Which of several images is meant.
package struct ImageChoice: Sendable, Equatable {
  /// The image's name; `nil` for the only one.
  package var name: String?

  /// What it runs on; `nil` for Linux on a machine like this one.
  package var platform: ImagePlatform?

  package init(name: String? = nil, platform: ImagePlatform? = nil) {
    self.name = name
    self.platform = platform
  }
}

/// What an image runs on (OCI image specification, "Image Index", `platform`).
package struct ImagePlatform: Sendable, Equatable, CustomStringConvertible {
  package var system: String
  package var architecture: String
  package var variant: String?

  package init(system: String, architecture: String, variant: String? = nil) {
    self.system = system
    self.architecture = architecture
    self.variant = variant
  }

  /// The platform of `linux/arm64/v8`; `nil` if the text is no such thing.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard (2...3).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else { return nil }
    self.init(system: parts[0], architecture: parts[1], variant: parts.count == 3 ? parts[2] : nil)
  }

  /// The platform that a descriptor or a configuration names.
  init?(_ value: JSONValue?) {
    guard let system = value?["os"]?.string, let architecture = value?["architecture"]?.string
    else { return nil }
    self.init(system: system, architecture: architecture, variant: value?["variant"]?.string)
  }

  /// Linux on a machine like this one, in the words of Go.
  static var host: ImagePlatform {
    #if arch(x86_64)
    let architecture = "amd64"
    #elseif arch(arm64)
    let architecture = "arm64"
    #elseif arch(i386)
    let architecture = "386"
    #elseif arch(arm)
    let architecture = "arm"
    #elseif arch(powerpc64le)
    let architecture = "ppc64le"
    #elseif arch(s390x)
    let architecture = "s390x"
    #elseif arch(riscv64)
    let architecture = "riscv64"
    #else
    let architecture = "unknown"
    #endif
    return ImagePlatform(system: "linux", architecture: architecture)
  }

  /// Whether an image for `other` is one for this platform; a variant that is not
  /// named does not matter.
  func accepts(_ other: ImagePlatform) -> Bool {
    system == other.system && architecture == other.architecture
      && (variant == nil || variant == other.variant)
  }

  package var description: String {
    "\(system)/\(architecture)" + (variant.map { "/\($0)" } ?? "")
  }
}
