import GeneratorKit

/// A disk that was built to be looked at, with its map.
struct MappedDisk {
  /// What it is, in a few words.
  var title: String
  var map: any DiskMap

  /// Size in bytes.
  var size: Int { map.size }
}
