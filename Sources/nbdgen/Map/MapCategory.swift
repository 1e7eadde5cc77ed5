import DiskModel
import GeneratorKit

/// What pictures tell apart: few enough to have a colour each.
enum MapCategory: Int, CaseIterable {
  case structure, directory, file, content, slack, free

  /// The category of what belongs to an owner.
  init(_ owner: Owner) {
    switch owner.role {
    case .free: self = .free
    case .slack: self = .slack
    case .fileData: self = .file
    case .content, nil: self = .content
    case .metadata:
      self = owner.kind.rawValue.hasSuffix("directory") ? .directory : .structure
    }
  }

  /// The category of a line of a trace, by what it calls roles and kinds.
  init(role: String, kind: String) {
    let known = Segment.Role.allCases.first { $0.name == role }
    self.init(Owner(Owner.Kind(rawValue: kind), known))
  }

  /// What it is, for people.
  var title: String {
    switch self {
    case .structure: "structures of disk and filesystem"
    case .directory: "directories"
    case .file: "files"
    case .content: "content"
    case .slack: "slack behind files"
    case .free: "free"
    }
  }

  /// A character cell of it, with and without Unicode.
  func symbol(isUnicode: Bool) -> Character {
    switch self {
    case .structure: isUnicode ? "█" : "#"
    case .directory: isUnicode ? "▓" : "%"
    case .file: isUnicode ? "▒" : "="
    case .content: isUnicode ? "▒" : "="
    case .slack: isUnicode ? "░" : "-"
    case .free: isUnicode ? "·" : "."
    }
  }

  /// The colour on a terminal, as ECMA-48 numbers it.
  var terminalColor: Int {
    switch self {
    case .structure: 34
    case .directory: 33
    case .file: 32
    case .content: 32
    case .slack: 35
    case .free: 90
    }
  }

  /// The colour in pictures; they can be told apart by people who confuse red and green.
  var pictureColor: String {
    switch self {
    case .structure: "#0072b2"
    case .directory: "#e69f00"
    case .file: "#2a9d78"
    case .content: "#2a9d78"
    case .slack: "#cc79a7"
    case .free: "#e9ecef"
    }
  }
}

/// Bytes of each category.
struct CategorySizes {
  private var sizes = [Int](repeating: 0, count: MapCategory.allCases.count)

  subscript(category: MapCategory) -> Int {
    get { sizes[category.rawValue] }
    set { sizes[category.rawValue] = newValue }
  }

  /// The categories that there are.
  var present: [MapCategory] { MapCategory.allCases.filter { self[$0] > 0 } }

  /// All bytes that are not free.
  var used: Int { MapCategory.allCases.reduce(0) { $0 + ($1 == .free ? 0 : self[$1]) } }

  /// Of what there is most, what is free coming last.
  var dominant: MapCategory {
    MapCategory.allCases.filter { $0 != .free && self[$0] > 0 }.max { self[$0] < self[$1] } ?? .free
  }
}
