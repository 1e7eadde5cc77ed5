import Glibc

/// The files and trees that are served, made when they are first wanted.
final class Inputs {
  /// Where they are: below TMPDIR.
  let folder: String
  /// What is to be in memory for those who cannot but serve files.
  let memoryFolder: String
  private var made: [String: String] = [:]

  /// Makes the folders.
  init() throws {
    let place = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
    folder = "\(place)/nbdgen-bench.\(getpid())"
    memoryFolder = "/dev/shm/nbdgen-bench.\(getpid())"
    Interruption.remove([folder, memoryFolder])
    for path in [folder, memoryFolder] {
      guard unsafe mkdir(path, 0o700) == 0 else { throw BenchFailure("cannot make \(path)") }
    }
    // Where servers put their files.
    unsafe _ = setenv("TMPDIR", folder, 1)
  }

  /// Removes all.
  func remove() {
    Interruption.removeTree(folder)
    Interruption.removeTree(memoryFolder)
  }

  /// The path of `name`, which `make` makes the first time.
  func once(
    _ name: String,
    in place: String? = nil,
    _ make: (String) throws -> Void
  ) throws
    -> String
  {
    if let path = made[name] { return path }
    let path = "\(place ?? folder)/\(name)"
    try make(path)
    made[name] = path
    return path
  }

  /// Removes what is wanted no more, for there may not be room for all.
  func forget(_ name: String) {
    if let path = made.removeValue(forKey: name) { Interruption.removeTree(path) }
  }

  /// A file of random bytes.
  func random(_ name: String, mebibytes: Int, inMemory: Bool = false) throws -> String {
    try once(name, in: inMemory ? memoryFolder : nil) { try Self.writeRandom($0, mebibytes << 20) }
  }

  /// A file that is a hole.
  func sparse(_ name: String, size: Int) throws -> String {
    try once(name) { path in
      try TextFile.write("", to: path)
      guard unsafe truncate(path, size) == 0 else { throw BenchFailure("cannot make \(path)") }
    }
  }

  /// `directories` directories, each with `files` files of up to `largest` bytes.
  func tree(_ name: String, directories: Int, files: Int, largest: Int) throws -> String {
    try once(name) { path in
      try Self.makeDirectory(path)
      for directory in 0..<directories {
        try Self.makeDirectory("\(path)/d\(directory)")
        for file in 0..<files {
          let size = largest == 0 ? 0 : (directory * 7919 + file * 104_729) % largest + 1
          try Self.makeFile("\(path)/d\(directory)/file-\(file)", size: size)
        }
      }
    }
  }

  /// A directory within a directory and so on, each with some files.
  func deepTree(_ name: String, levels: Int, files: Int) throws -> String {
    try once(name) { path in
      // Paths get too long for the system: each step starts from where the last one ended.
      let home = unsafe open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      defer {
        fchdir(home)
        close(home)
      }
      try Self.makeDirectory(path)
      guard unsafe chdir(path) == 0 else { throw BenchFailure("cannot enter \(path)") }
      for _ in 0..<levels {
        for file in 0..<files { try Self.makeFile("file-\(file)", size: 1000) }
        try Self.makeDirectory("d")
        guard unsafe chdir("d") == 0 else { throw BenchFailure("cannot enter a level of \(path)") }
      }
    }
  }

  static func makeDirectory(_ path: String) throws {
    guard unsafe mkdir(path, 0o755) == 0 else { throw BenchFailure("cannot make \(path)") }
  }

  /// A file whose bytes are of no interest, but are not zeros.
  static func makeFile(_ path: String, size: Int) throws {
    let file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw BenchFailure("cannot make \(path)") }
    defer { close(file) }
    guard size > 0 else { return }
    let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: size) | 1, count: size)
    guard unsafe write(file, bytes, size) == size else {
      throw BenchFailure("cannot write \(path)")
    }
  }

  static func writeRandom(_ path: String, _ size: Int) throws {
    let file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw BenchFailure("cannot make \(path)") }
    defer { close(file) }
    var piece = [UInt64](repeating: 0, count: 1 << 17)
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    for _ in 0..<size >> 20 {
      for index in piece.indices {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        piece[index] = state
      }
      guard unsafe write(file, piece, 1 << 20) == 1 << 20 else {
        throw BenchFailure("cannot write \(path)")
      }
    }
  }

  /// Has the system forget a file's pages, or some of them, so that they are read anew.
  static func drop(_ path: String, _ range: Range<Int>? = nil) throws {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw BenchFailure("cannot read \(path)") }
    defer { close(file) }
    fdatasync(file)
    let size = Int(lseek(file, 0, Int32(SEEK_END)))
    let range = range ?? 0..<size
    posix_fadvise(file, range.lowerBound, range.count, POSIX_FADV_DONTNEED)
    let left = try cachedCount(file, range)
    guard left * 50 < range.count else {
      throw BenchFailure("the system still has \(left) bytes of \(path) in memory")
    }
  }

  /// How many bytes of a part of a file the system has in memory.
  private static func cachedCount(_ file: Int32, _ range: Range<Int>) throws -> Int {
    let start = unsafe mmap(nil, range.count, PROT_READ, MAP_SHARED, file, range.lowerBound)
    guard let start = unsafe start, unsafe start != MAP_FAILED else {
      throw BenchFailure("cannot map a file")
    }
    defer { unsafe munmap(start, range.count) }
    var pages = [UInt8](repeating: 0, count: (range.count + 4095) / 4096)
    guard unsafe mincore(start, range.count, &pages) == 0 else {
      throw BenchFailure("cannot tell what is in memory")
    }
    return pages.count { $0 & 1 != 0 } * 4096
  }

  /// Has the system know all of a file's pages.
  static func warm(_ path: String, _ count: Int = .max) throws {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw BenchFailure("cannot read \(path)") }
    defer { close(file) }
    var piece = [UInt8](repeating: 0, count: 1 << 20)
    var left = count
    while left > 0 {
      let got = unsafe read(file, &piece, min(left, piece.count))
      guard got > 0 else { return }
      left -= got
    }
  }
}
