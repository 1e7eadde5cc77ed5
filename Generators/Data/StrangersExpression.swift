public import DiskModel

/// An expression that a stranger wrote, such as a client in its export name.
///
/// It is the language of ``DataDisk`` without files, scripts and variables, and
/// with limits: what fits into an export name takes milliseconds and less than
/// 1 MiB, to make and to keep.
public enum StrangersExpression {
  /// The disk that `text` stands for.
  ///
  /// - Throws: ``Failure`` with the problem and its place.
  public static func disk(_ text: [UInt8]) throws(Failure) -> Disk {
    let input = HostInput(
      refusal: "an expression in an export name may not read files or run scripts",
      descriptors: DescriptorCache(capacity: 1)
    )
    do throws(ExpressionError) {
      let list = try Parser.parse(Source(text, name: "data="), limits: .strangers) { _ in nil }
      return try Evaluator.evaluate(Simplifier.simplify(list), input: input, limits: .strangers)
    } catch {
      throw Failure(problem: error.problem, offset: error.position.range.lowerBound)
    }
  }

  /// Why an expression is no disk.
  public struct Failure: Error, Equatable {
    /// What is wrong and what to do.
    public var problem: String

    /// The byte of the expression, counted from 0, that it is about.
    public var offset: Int
  }
}
