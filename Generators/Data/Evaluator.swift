import DiskModel

/// Makes a disk of a syntax tree.
///
/// Nothing is written out: repetitions, slices and names refer to disks that
/// are stored once. A name is evaluated once, however often it is used.
struct Evaluator {
  let input: HostInput
  let limits: ExpressionLimits

  /// Repetitions of no more than this are written out, in bytes.
  private static let flatSize = 256

  private var depth = 0

  /// How many segments all disks have that were made on the way.
  private var segmentCount = 0

  private init(_ input: HostInput, _ limits: ExpressionLimits) {
    self.input = input
    self.limits = limits
  }

  /// The disk that `list` stands for.
  static func evaluate(
    _ list: SyntaxList,
    input: HostInput,
    limits: ExpressionLimits = .own
  ) throws(ExpressionError) -> Disk {
    var evaluator = Evaluator(input, limits)
    return try evaluator.evaluate(list, in: nil)
  }

  private mutating func evaluate(
    _ list: SyntaxList,
    in scope: Scope?
  ) throws(ExpressionError) -> Disk {
    var scope = scope
    var canvas = Canvas()
    for element in list {
      switch element.kind {
      case .term(let term):
        let disk = try evaluate(term, in: scope)
        guard disk.nestingDepth <= limits.nesting else {
          throw ExpressionError(
            "repetitions of repetitions more than \(limits.nesting) deep",
            at: element.position
          )
        }
        segmentCount += disk.segmentCount
        guard segmentCount <= limits.segments else {
          throw ExpressionError(
            "too long-winded: more than \(limits.segments) pieces up to here",
            at: element.position
          )
        }
        do throws(DiskError) {
          try canvas.write(disk)
        } catch {
          throw Self.tooLarge(element.position)
        }
      case .move(let move):
        try Self.apply(move, at: element.position, to: &canvas)
      case .definition(let name, let term):
        scope = Scope(name: name, definition: define(term, in: scope), outer: scope)
      }
    }
    do throws(DiskError) {
      return try canvas.finish()
    } catch {
      preconditionFailure("the size was checked with every write")
    }
  }

  /// Takes note of a name.
  ///
  /// What can be evaluated without reading anything is at once, so that long
  /// chains of names do not become deep recursions; an error counts only where
  /// the name is used.
  private mutating func define(_ term: Term, in scope: Scope?) -> Definition {
    let definition = Definition(term, in: scope)
    if term.isPure { _ = try? value(of: definition) }
    return definition
  }

  private static func tooLarge(_ position: Position) -> ExpressionError {
    ExpressionError("the disk would be larger than 2^63 - 1 bytes", at: position)
  }

  private static func apply(
    _ move: Element.Move,
    at position: Position,
    to canvas: inout Canvas
  ) throws(ExpressionError) {
    let offset = canvas.offset
    switch move {
    case .to(let target):
      canvas.move(to: target)
    case .forward(let distance):
      let (target, overflow) = offset.addingReportingOverflow(distance)
      guard !overflow else { throw tooLarge(position) }
      canvas.move(to: target)
    case .back(let distance):
      guard distance <= offset else {
        throw ExpressionError(
          "the offset is \(offset) here, and cannot go back by \(distance)",
          at: position
        )
      }
      canvas.move(to: offset - distance)
    case .align(let alignment):
      let excess = offset & (alignment - 1)
      guard excess > 0 else { return }
      let (target, overflow) = offset.addingReportingOverflow(alignment - excess)
      guard !overflow else { throw tooLarge(position) }
      canvas.move(to: target)
    case .expect(let expected):
      guard offset != expected else { return }
      let (distance, side) =
        offset > expected ? (offset - expected, "over") : (expected - offset, "short")
      throw ExpressionError(
        "the offset is \(offset) here instead of \(expected): \(bytes(distance)) \(side)",
        at: position
      )
    case .expectAtMost(let limit):
      guard offset > limit else { return }
      throw ExpressionError(
        "the offset is \(offset) here, and may be \(limit) at most: \(bytes(offset - limit)) over",
        at: position
      )
    }
  }

  private static func bytes(_ count: Int) -> String { count == 1 ? "1 byte" : "\(count) bytes" }

  private mutating func evaluate(_ term: Term, in scope: Scope?) throws(ExpressionError) -> Disk {
    depth += 1
    defer { depth -= 1 }
    switch term {
    case .bytes(let bytes):
      return Disk(literal: bytes)
    case .group(let list):
      return try evaluate(list, in: scope)
    case .name(let name, let position):
      guard let definition = scope?.definition(of: name) else {
        throw ExpressionError(
          "\\\(name.text) is not defined here; -> \\\(name.text) defines it",
          at: position
        )
      }
      guard depth < limits.names else {
        throw ExpressionError("names lead to names too deep", at: position)
      }
      return try value(of: definition)
    case .file(let path, let position):
      return try input.file(path, limit: nil, at: position)
    case .script(let script, let position):
      return try input.script(script, limit: nil, at: position)
    case .repeated(let operand, let count, let position):
      guard count > 0 else { return Disk() }
      let unit = try evaluate(operand, in: scope)
      do throws(DiskError) {
        return try Disk(repeating: unit, count: count).flattened(limit: Self.flatSize)
      } catch {
        throw Self.tooLarge(position)
      }
    case .slice(let operand, let from, let to, let position):
      return try slice(operand, from: from ?? 0, to: to, at: position, in: scope)
    }
  }

  /// The value of a name, which is remembered.
  private mutating func value(of definition: Definition) throws(ExpressionError) -> Disk {
    if let result = definition.result { return try result.get() }
    let result: Result<Disk, ExpressionError>
    do throws(ExpressionError) {
      result = .success(try evaluate(definition.term, in: definition.scope))
    } catch {
      result = .failure(error)
    }
    definition.result = result
    return try result.get()
  }

  private mutating func slice(
    _ operand: Term,
    from: Int,
    to: Int?,
    at position: Position,
    in scope: Scope?
  ) throws(ExpressionError) -> Disk {
    // An empty slice is empty whatever it is one of.
    if from == to { return Disk() }
    if let to, to < from {
      throw ExpressionError("the slice ends before it starts", at: position)
    }
    switch operand {
    // The slice of a file may reach behind its end, where there is nothing.
    case .file(let path, let place):
      let disk = try input.file(path, limit: to, at: place)
      return disk.slice(min(from, disk.size)..<min(to ?? disk.size, disk.size))
    // A script is stopped when it has written enough.
    case .script(let script, let place) where from == 0 && to != nil:
      return try input.script(script, limit: to, at: place)
    default:
      let disk = try evaluate(operand, in: scope)
      let end = to ?? disk.size
      guard from <= end, end <= disk.size else {
        throw ExpressionError(
          "the slice reaches to \(max(from, end)), but there are only \(Self.bytes(disk.size))",
          at: position
        )
      }
      return disk.slice(from..<end).flattened(limit: Self.flatSize)
    }
  }
}

/// The names that are defined at a place, innermost first.
private final class Scope {
  private let name: Name
  private let definition: Definition
  private let outer: Scope?

  init(name: Name, definition: Definition, outer: Scope?) {
    self.name = name
    self.definition = definition
    self.outer = outer
  }

  func definition(of name: Name) -> Definition? {
    var scope: Scope? = self
    while let current = scope {
      if current.name == name { return current.definition }
      scope = current.outer
    }
    return nil
  }
}

/// What a name stands for: a term, with the names that it can see.
private final class Definition {
  let term: Term
  let scope: Scope?
  /// The value, once it was asked for.
  var result: Result<Disk, ExpressionError>?

  init(_ term: Term, in scope: Scope?) {
    self.term = term
    self.scope = scope
  }
}

extension Disk {
  /// Bytes that were written one by one; long runs of zeros among them take no
  /// storage, and neither do those at both ends, which may go on beside them.
  init(literal bytes: [UInt8]) {
    self.init()
    var start = 0
    do throws(DiskError) {
      var position = 0
      while position < bytes.count {
        guard bytes[position] == 0 else {
          position += 1
          continue
        }
        let zeros = position
        while position < bytes.count, bytes[position] == 0 { position += 1 }
        let isWorthwhile =
          zeros == 0 || position == bytes.count || position - zeros >= Disk.literalZeroLimit
        guard isWorthwhile else { continue }
        try append(.bytes(bytes, offset: start), count: zeros - start)
        try append(.zeros(.written), count: position - zeros)
        start = position
      }
      try append(.bytes(bytes, offset: start), count: bytes.count - start)
    } catch {
      preconditionFailure("an array has less than 2^63 bytes")
    }
  }

  /// Runs of zeros that are shorter are stored, in bytes: no client can be told of less
  /// than a sector, and a segment for every zero byte makes reading slow.
  private static let literalZeroLimit = 512

  /// `count` copies of `unit`, one after the other; copies of zeros are a hole.
  init(repeating unit: Disk, count: Int) throws(DiskError) {
    let (size, overflow) = unit.size.multipliedReportingOverflow(by: count)
    guard !overflow else { throw .tooLarge }
    if count == 1 {
      self = unit
    } else if unit.isZero {
      self.init(zeros: .hole, size: size)
    } else {
      self.init()
      try append(.repeating(unit, phase: 0), count: size)
    }
  }
}
