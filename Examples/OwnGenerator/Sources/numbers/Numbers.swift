import DiskModel
import GeneratorKit

/// A disk on which every sector says its own number.
struct Numbers: Generator {
  static let manual = Manual(
    name: "numbers",
    summary: "a disk on which every sector says its own number",
    mainParameter: "size",
    parameters: [.init("size", "SIZE", isRequired: true, "Size of the disk in bytes.")],
    discussion: "A sector has 512 bytes: its number, blanks, and a line feed at the end."
  )

  static func build(
    _ parameters: Parameters,
    in environment: BuildEnvironment
  ) throws(GeneratorError) -> GeneratedDisk {
    guard let size = Size.parse(parameters.required("size")) else {
      throw parameters.error("size", Size.advice)
    }
    var disk = Disk()
    do throws(DiskError) {
      try disk.append(.source(NumberedSectors(), offset: 0), count: size)
    } catch {
      throw parameters.error("size", "too large for a disk")
    }
    return GeneratedDisk(disk, summary: "numbered sectors")
  }
}
