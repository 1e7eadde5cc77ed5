import ArgumentParser

/// Measures nbdgen beside its peers.
@main
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures nbdgen beside its peers, on the same input and in one run.",
    subcommands: [Run.self, Cost.self, Profile.self, Draw.self, Page.self, Load.self, Floor.self]
  )
}

/// Why the measuring ended early.
struct BenchFailure: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) {
    self.description = description
  }

  /// The last lines that a program wrote before it failed.
  init(lastWords log: String) {
    let lines = (try? TextFile.read(log).split(separator: "\n").suffix(2)) ?? []
    description = lines.isEmpty ? "it ended without a word" : lines.joined(separator: "; ")
  }
}
