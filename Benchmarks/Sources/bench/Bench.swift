import ArgumentParser

/// Measures nbdgen beside its peers.
@main
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures nbdgen beside its peers, on the same input and in one run.",
    subcommands: [Run.self, Draw.self, Load.self, Floor.self]
  )
}

/// Why the measuring ended early.
struct BenchFailure: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) {
    self.description = description
  }
}
