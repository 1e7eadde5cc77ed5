/// What an expression may cost.
struct ExpressionLimits: Sendable {
  /// How deep groups, variables, repetitions and slices may be nested.
  var depth: Int

  /// How deep names may lead to names that were not evaluated before, with the
  /// groups that they are in.
  var names: Int

  /// How deep repetitions may be nested, through names.
  var nesting: Int

  /// Why a variable that is not known is none.
  var unknownVariable: String

  /// How many segments the disks may have that are made of its parts, all
  /// together.
  var segments: Int

  /// For expressions of the user, who has the whole machine.
  static let own = ExpressionLimits(
    depth: 200,
    names: 2000,
    nesting: 250,
    unknownVariable: "is neither a parameter nor an environment variable",
    segments: .max
  )

  /// For expressions of at most 4,096 bytes of somebody who is not trusted.
  static let strangers = ExpressionLimits(
    depth: 50,
    names: 100,
    nesting: 50,
    unknownVariable: "is a variable; an expression in an export name has none",
    segments: 5000
  )
}
