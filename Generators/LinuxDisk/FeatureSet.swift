/// A set of features.
struct FeatureSet: Sendable, Equatable, ExpressibleByArrayLiteral {
  /// Members of each word of the superblock.
  private(set) var compatible: UInt32 = 0
  private(set) var incompatible: UInt32 = 0
  private(set) var readOnlyCompatible: UInt32 = 0

  init(arrayLiteral features: Feature...) {
    for feature in features { insert(feature) }
  }

  func contains(_ feature: Feature) -> Bool {
    let place = feature.place
    let word =
      switch place.word {
      case .compatible: compatible
      case .incompatible: incompatible
      case .readOnlyCompatible: readOnlyCompatible
      }
    return word & place.bit != 0
  }

  mutating func insert(_ feature: Feature) { change(feature) { $0 | $1 } }

  mutating func remove(_ feature: Feature) { change(feature) { $0 & ~$1 } }

  private mutating func change(_ feature: Feature, _ apply: (UInt32, UInt32) -> UInt32) {
    let place = feature.place
    switch place.word {
    case .compatible: compatible = apply(compatible, place.bit)
    case .incompatible: incompatible = apply(incompatible, place.bit)
    case .readOnlyCompatible: readOnlyCompatible = apply(readOnlyCompatible, place.bit)
    }
  }

  /// All members.
  var members: [Feature] { Feature.allCases.filter { contains($0) } }
}
