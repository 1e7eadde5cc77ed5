import Foundation

/// A reason why nbdkit and nbdgen may differ over an expression: a bug of
/// nbdkit's, or what only nbdgen has.
struct DifferenceRule: Sendable {
  var name: String
  /// Which differences it explains.
  var effect: Effect
  /// Found in the parameters where the rule applies.
  var pattern: String

  enum Effect {
    /// nbdkit makes a disk of what is an error here.
    case nbdkitAccepts
    /// nbdkit refuses what makes a disk here.
    case nbdkitRefuses
    /// The disks differ.
    case contentDiffers
  }

  /// Why the two may differ over `expression` as they do, if there is a reason.
  static func explaining(_ effect: Effect, _ expression: RandomExpression) -> DifferenceRule? {
    all.first { rule in
      rule.effect == effect
        && expression.texts.contains {
          $0.range(of: rule.pattern, options: .regularExpression) != nil
        }
    }
  }

  /// All rules; section numbers are those of the notes on nbdkit.
  static let all: [DifferenceRule] = [
    .init(
      name: "nbdkit takes 0x without digits for 0",
      effect: .nbdkitAccepts,
      pattern: "0[xX]([^0-9a-fA-F]|$)"
    ),
    .init(
      name: "nbdkit cuts bytes of 2^32 and more to 32 bits",
      effect: .nbdkitAccepts,
      pattern: "[1-9][0-9]{9,}|0[xX]0*[1-9a-fA-F][0-9a-fA-F]{8,}|00*[1-7][0-7]{10,}"
    ),
    .init(
      name: "nbdkit takes negative slice bounds for the end",
      effect: .nbdkitAccepts,
      pattern: #"\[[^\]]*-\s*[0-9]"#
    ),
    .init(
      name: "nbdkit does not check the start of a slice [N:1] of one byte",
      effect: .nbdkitAccepts,
      pattern: #"\[[^\]]*:\s*\+?(0[xX])?0*1[bB]?\]"#
    ),
    .init(
      name: "nbdkit does not need the ] of a slice",
      effect: .nbdkitAccepts,
      pattern: #"\[[^\]]*([^0-9a-fA-F:xX+\s\]-]|\s[^\]]|$)|\[[^:\]]*\]|\[[^\]]*$"#
    ),
    .init(
      name: "nbdkit does not check the start of a slice [N:0] of nothing",
      effect: .nbdkitAccepts,
      pattern: #"\[[^\]]*:\s*\+?(0[xX])?0+\]"#
    ),
    .init(
      name: "nbdkit wants white space behind a word",
      effect: .nbdkitRefuses,
      pattern: "[lb]e(16|32|64):[+]?[0-9a-fA-FxX]+[^0-9a-fA-FxX\\s]"
    ),
    .init(
      name: "nbdkit takes the - of a glued -> for a part of the name",
      effect: .nbdkitRefuses,
      pattern: #"\\[A-Za-z0-9_-]+->"#
    ),
    .init(
      name: "nbdkit has no units",
      effect: .nbdkitRefuses,
      pattern: #"[@*:\[+^-]\s*\+?[0-9a-fA-FxX]+[bBsSkKmMgGtTpPeE]([^0-9A-Za-z_]|$)"#
    ),
    .init(
      name: "nbdkit has no variables for numbers",
      effect: .nbdkitRefuses,
      pattern: #"[@*:\[+^=-]\s*\+?\$"#
    ),
    .init(
      name: "nbdkit has no assertions",
      effect: .nbdkitRefuses,
      pattern: "@<?="
    ),
    .init(
      name: "nbdkit does not mind how <(SCRIPT)[:] ends",
      effect: .nbdkitAccepts,
      pattern: #"\)\s*\[\s*\+?(0[xX])?0*:\]"#
    ),
    .init(
      name: "nbdkit gives nothing for <(SCRIPT)[:]",
      effect: .contentDiffers,
      pattern: #"\)\s*\[\s*\+?(0[xX])?0*:\]"#
    ),
  ]
}
