import TestSupport

/// With what parameters a random tree is served: any that go together.
struct FloppyPlan {
  /// The parameters but for the directory.
  private(set) var parameters: [String] = []
  private(set) var width: FATVolume.Width?
  private(set) var clusterSize: Int?
  private(set) var layout: String?

  /// A plan for the tree, which a number chooses.
  init(_ number: Int, for expectation: FloppyExpectation) {
    var random = SeededGenerator(seed: UInt64(number) ^ 0xF10)
    width = ([nil] + FATVolume.Width.allCases)[number % 4]
    layout = [nil, "none", "mbr", "gpt"][number / 4 % 4]
    let sizing = Int.random(in: 0..<3, using: &random)
    if sizing < 2 {
      let clusterSize = 256 << Int.random(in: 0...8, using: &random)
      let needed = expectation.clusterCount(max(clusterSize, 512))
      if clusterSize >= 512, needed * 3 / 2 + 2100 < Self.limit(width) {
        self.clusterSize = clusterSize
      }
    }
    if let width { parameters.append("type=\(width)") }
    if let layout { parameters.append("layout=\(layout)") }
    if let clusterSize { parameters.append("cluster=\(clusterSize)") }
    if sizing == 1 { parameters.append("size=+\(random.anyMagnitude(below: 1 << 20))") }
    if sizing == 2 { parameters.append("size=\(Self.ampleSize(width))") }
  }

  /// How many clusters there can be.
  private static func limit(_ width: FATVolume.Width?) -> Int {
    switch width {
    case .fat12: 4084
    case .fat16: 65_524
    case .fat32, nil: 1 << 27
    }
  }

  /// A size that is enough for any tree, and that the type can have: FAT12 without
  /// clusters of 64 KiB, which are there only on request.
  private static func ampleSize(_ width: FATVolume.Width?) -> String {
    switch width {
    case .fat12: "120M"
    case .fat16: "800M"
    case .fat32: "3G"
    case nil: "1G"
    }
  }

  /// In what the disk is not as planned.
  func complaints(about image: FloppyImage) -> [String] {
    var complaints: [String] = []
    let volume = image.volume
    if let width, volume.width != width { complaints.append("it is \(volume.width)") }
    if let clusterSize, volume.clusterSize != clusterSize {
      complaints.append("it has clusters of \(volume.clusterSize)")
    }
    let tables = ["none": nil, "mbr": "dos", "gpt": "gpt"]
    if let layout, let table = tables[layout], image.table != table {
      complaints.append("its partition table is \(image.table ?? "none")")
    }
    if volume.hiddenSectors * 512 != image.offset {
      complaints.append("\(volume.hiddenSectors) hidden sectors, but it starts at \(image.offset)")
    }
    return complaints
  }
}
