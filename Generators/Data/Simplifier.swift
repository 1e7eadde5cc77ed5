/// Makes a syntax tree smaller without changing what it stands for.
///
/// Bytes side by side become one run, however many there are; groups that only
/// hold bytes become those bytes; repetitions of repetitions become one.
enum Simplifier {
  /// Runs that repetitions would make longer than this are not written out.
  private static let runLimit = 512

  static func simplify(_ list: SyntaxList) -> SyntaxList {
    var simple: SyntaxList = []
    var run: [UInt8] = []
    var position: Position?
    func flush() {
      guard let start = position else { return }
      // What is empty must not keep a group from being one file.
      if !run.isEmpty { simple.append(Element(kind: .term(.bytes(run)), position: start)) }
      run = []
      position = nil
    }
    for element in list {
      switch element.kind {
      case .term(let term):
        let term = simplify(term)
        if case .bytes(let bytes) = term {
          if position == nil { position = element.position }
          run.append(contentsOf: bytes)
        } else {
          flush()
          simple.append(Element(kind: .term(term), position: element.position))
        }
      case .definition(let name, let term):
        flush()
        let kind = Element.Kind.definition(name: name, simplify(term))
        simple.append(Element(kind: kind, position: element.position))
      case .move:
        flush()
        simple.append(element)
      }
    }
    flush()
    return simple
  }

  private static func simplify(_ term: Term) -> Term {
    switch term {
    case .bytes, .name, .file, .script:
      return term
    case .group(let list):
      let list = simplify(list)
      if list.isEmpty { return .bytes([]) }
      if list.count == 1, case .term(let only) = list[0].kind { return only }
      return .group(list)
    case .repeated(let operand, let count, let position):
      let operand = simplify(operand)
      switch operand {
      case .bytes(let bytes) where bytes.isEmpty:
        return operand
      case .bytes(let bytes) where bytes.contains { $0 != 0 } && count <= runLimit / bytes.count:
        return .bytes([[UInt8]](repeating: bytes, count: count).flatMap { $0 })
      case .repeated(let inner, let innerCount, _):
        let (product, overflow) = count.multipliedReportingOverflow(by: innerCount)
        if !overflow { return .repeated(inner, product, position) }
      default:
        break
      }
      return .repeated(operand, count, position)
    case .slice(let operand, let from, let to, let position):
      return .slice(simplify(operand), from: from, to: to, position)
    }
  }
}
