import GeneratorKit

/// What the user is told when there is nothing to be served.
struct UserError: Error, Equatable {
  /// What went wrong, a line each.
  var lines: [String]

  /// Exit status: 2 if the command line is wrong, 1 if the host refused.
  var status: Int32

  /// The command line is wrong.
  init(usage problem: String) {
    // What the argument parser has to say may end in a hint on further lines.
    lines = problem.split(separator: "\n").prefix(1).map(String.init)
    status = 2
  }

  /// The host refused.
  init(host problem: String) {
    lines = [problem]
    status = 1
  }

  /// A generator could not make a disk.
  init(_ error: GeneratorError, of generator: String) {
    lines = error.lines.map { "\(generator): \($0)" }
    switch error {
    case .usage, .expression: status = 2
    case .host: status = 1
    }
  }

  /// Prints each line to the standard error.
  func report() {
    for line in lines { StandardError.print("nbdgen: \(line)") }
  }
}
