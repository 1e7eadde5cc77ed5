import Foundation
import TestSupport
import Testing

/// `nbdgen write`, and what is left when it does not come to its end.
@CommandThread
@Suite(.tags(.command), .timeLimit(.minutes(30)))
struct WriteTests {
  /// A scene whose tree has small files, a large one, and one that is nearly all hole.
  private func scene(largeSize: Int = 9 << 20) throws -> Scene {
    var scene = try Scene()
    var random = SeededGenerator(seed: 77)
    for number in 0..<40 {
      try RawPath(scene("tree/small\(number)")).write(random.bytes(number * number * 20))
    }
    let piece = random.bytes(1 << 20)
    let pieces = (0..<largeSize >> 20).map { (offset: $0 << 20, bytes: piece) }
    try RawPath(scene("tree/large")).write(pieces, size: largeSize + 12345)
    try RawPath(scene("tree/sparse")).write([(offset: 40 << 20, bytes: piece)], size: 60 << 20)
    try scene.settle()
    return scene
  }

  /// The disks that are written, as words of a shell.
  private nonisolated static let disks = [
    "linuxdisk tree type=ext4 size=+200M", "floppy tree layout=gpt",
    "data '0x55 0xAA @0x1FE 0x55 0xAA @+3M 7 @+100M'", "data '<file @1M <tree/large'",
    "data size=0 ''", "data '(0x11*300 @+5000)*3000'",
  ]

  @Test("The file holds what clients read, and holes where there is nothing", arguments: disks)
  func raw(_ disk: String) throws {
    let scene = try scene()
    let nbdgen = try Program.nbdgen().path
    let line = """
      \(nbdgen) write out.img \(disk) &&
      \(nbdgen) digest \(disk) && sha256sum <out.img | cut -c-64
      \(nbdgen) -U - \(disk) --run 'nbdcopy "$uri" - | cmp - out.img'
      """
    let outcome = try Program.shell(line, directory: scene.callAsFunction("."))
    #expect(outcome.status == 0, "\(outcome)")
    #expect(outcome.lines.count == 2 && outcome.lines[0] == outcome.lines[1], "\(outcome)")
    #expect(outcome.errorLines.count == 1, "\(outcome)")
    #expect(outcome.errorLines[0].hasPrefix("nbdgen: out.img: "), "\(outcome)")
    #expect(try scene.leftovers() == ["out.img"])
    // No more than the data, and a block at each end of its runs.
    let facts = try RawPath(scene("out.img")).facts()
    #expect(facts.mode & 0o777 == 0o644)
    let blocks = try Program("stat").succeed(["-c", "%b", scene("out.img")]).lines
    let allocated = try #require(blocks.first.flatMap { Int($0) }) * 512
    #expect(allocated < 24 << 20, "\(allocated)")
  }

  @Test("qcow2 images hold the same, and no raw file is made on the way")
  func qcow2() throws {
    let scene = try scene()
    let nbdgen = try Program.nbdgen().path
    let disk = "linuxdisk tree type=ext4 size=+200M"
    for (name, option) in [("out.qcow2", ""), ("out.disk", "--format qcow2")] {
      let line = """
        TMPDIR=tmp \(nbdgen) write \(option) \(name) \(disk) && qemu-img check -q \(name) &&
        qemu-img info \(name) | grep 'file format' &&
        \(nbdgen) -U - \(disk) --run 'qemu-img compare -f raw -F qcow2 "$uri" \(name)'
        """
      let outcome = try Program.shell(line, directory: scene.callAsFunction("."))
      #expect(outcome.lines == ["file format: qcow2", "Images are identical."], "\(outcome)")
      #expect(outcome.status == 0, "\(outcome)")
    }
    #expect(try scene.leftovers() == ["out.disk", "out.qcow2"])
    // Without qemu-img there is an error that says what to install.
    let without = try scene.nbdgen(["PATH": "/nowhere"]).run(["write", "x.qcow2", "data", "1"])
    expectOneLine(without, status: 1, saying: ["x.qcow2", "qemu-img", "qemu-utils"])
    #expect(try scene.leftovers() == ["out.disk", "out.qcow2"])
  }

  @Test("What is there is replaced only with --force")
  func existing() throws {
    var scene = try scene()
    try RawPath(scene("out")).write(Array("precious".utf8))
    try RawPath(scene("out")).setPermissions(0o640)
    try RawPath(scene("link")).makeSymbolicLink(to: "out")
    try RawPath(scene("lost")).makeSymbolicLink(to: "nothing/there")
    try RawPath(scene("fifo")).makeNode(0o010644)
    try scene.settle()
    for (name, status, fragments) in [
      ("out", 1, ["out: exists", "--force"]), ("link", 1, ["link: exists"]),
      ("lost", 1, ["lost", "No such file"]), ("tree", 1, ["is a directory"]),
      ("new/", 2, ["new/", "name a file"]), ("nowhere/x", 1, ["nowhere/x", "No such file"]),
      ("fifo", 1, ["neither"]), ("/dev/null", 1, ["neither"]), ("", 2, ["not a path"]),
      ("-", 2, ["nbdcopy"]), ("file/x", 1, ["file/x", "Not a directory"]),
    ] {
      let outcome = try scene.run(["write", name, "data", "1 2 3"])
      expectOneLine(outcome, status: Int32(status), saying: fragments)
    }
    #expect(try scene.leftovers() == [])
    #expect(try RawPath(scene("out")).read(0..<99) == Array("precious".utf8))
    #expect(try scene.run(["write", "link", "data", "1 2 3", "--force"]).status == 0)
    #expect(try RawPath(scene("out")).read(0..<99) == [1, 2, 3])
    #expect(try RawPath(scene("out")).facts().mode & 0o777 == 0o640)
    #expect(try scene.leftovers() == [])
  }

  @Test("Wrong command lines make nothing")
  func usage() throws {
    let scene = try scene()
    for (words, fragments) in [
      (["write"], ["no file is named"]), (["write", "x"], ["no generator"]),
      (["write", "data", "1"], ["there is no generator \"1\""]),
      (["write", "data"], ["no file is named", "OUT data"]),
      (["write", "x", "dota", "1"], ["did you mean data?"]),
      (["write", "x", "info"], ["depends on the client"]),
      (["write", "--format", "vmdk", "x", "data", "1"], ["raw or qcow2"]),
      (["write", "x", "data", "1", "-e", "y"], ["--exports"]),
      (["-U", "-", "write", "x", "data", "1"], ["write: comes first"]),
      (["write", "x", "data", "1 ("], []),
    ] {
      let outcome = try scene.run(words)
      #expect(outcome.status == 2 && outcome.output.isEmpty, "\(words): \(outcome)")
      for fragment in fragments { #expect("\(outcome)".contains(fragment), "\(outcome)") }
      #expect(try scene.leftovers() == [])
    }
  }

  @Test("No room is one clear error, and nothing is left", arguments: ["out.img", "out.qcow2"])
  func fullDisk(_ name: String) throws {
    let scene = try scene()
    let nbdgen = try Program.nbdgen().path
    let line = """
      mount -t tmpfs -o size=4M tmpfs tmp && cd tmp &&
      TMPDIR=/tmp \(nbdgen) write \(name) linuxdisk ../tree; echo "status $?"; ls -A
      """
    let outcome = try Program("unshare").run([
      "-m", "/bin/sh", "-c", "cd \(scene.callAsFunction(".")) && \(line)",
    ])
    #expect(outcome.lines == ["status 1"], "\(outcome)")
    #expect(outcome.errorLines.count == 1, "\(outcome)")
    #expect("\(outcome)".contains("\(name): "), "\(outcome)")
    #expect("\(outcome)".lowercased().contains("no space left"), "\(outcome)")
  }

  @Test("Neither is a file that may not be so large")
  func fileSizeLimit() throws {
    let scene = try scene()
    let nbdgen = try Program.nbdgen().path
    let line = "ulimit -f 2000; \(nbdgen) write out.img linuxdisk tree; echo status $?"
    let outcome = try Program.shell(line, directory: scene.callAsFunction("."))
    #expect(outcome.lines == ["status 1"] && outcome.errorLines.count == 1, "\(outcome)")
    #expect("\(outcome)".contains("ulimit -f"), "\(outcome)")
    #expect(try scene.leftovers() == [])
  }

  @Test("A source that changes meanwhile leaves nothing", arguments: ["out.img", "out.qcow2"])
  func changedSource(_ name: String) throws {
    let scene = try scene(largeSize: 64 << 20)
    let nbdgen = try Program.nbdgen().path
    let line = """
      (while :; do touch tree/large; done) & pid=$!
      \(nbdgen) write \(name) linuxdisk tree; echo "status $?"; kill $pid
      """
    let outcome = try Program.shell(line, directory: scene.callAsFunction("."))
    #expect(outcome.lines == ["status 1"], "\(outcome)")
    let lines = outcome.errorLines.filter { $0.hasPrefix("nbdgen: ") }
    #expect(lines.count == 1 && lines[0].contains("tree/large: at offset "), "\(outcome)")
    #expect(try scene.leftovers() == [])
  }

  @Test(
    "Killed at any moment, it leaves nothing half under the name, and only SIGKILL leaves anything",
    arguments: ["out.img", "out.qcow2"],
    [SIGKILL, SIGTERM]
  )
  func killed(_ name: String, _ signal: Int32) throws {
    let scene = try scene(largeSize: 20 << 20)
    var random = SeededGenerator(seed: UInt64(signal))
    let words = ["write", "--force", name, "linuxdisk", "tree"]
    let start = ContinuousClock.now
    #expect(try scene.run(words).status == 0)
    let duration = Double((ContinuousClock.now - start) / .microseconds(1))
    func digest() throws -> String {
      try Program("sha256sum").succeed([scene(name)]).text
    }
    let whole = try digest()
    var ends: [Int32: Int] = [:]
    for round in 0..<6 {
      let isNew = round % 2 == 0
      if isNew {
        try? RawPath(scene(name)).remove()
      } else {
        try RawPath(scene(name)).write(Array("old".utf8))
      }
      let running = try scene.nbdgen().start(words)
      usleep(UInt32(Double.random(in: 0...1.1, using: &random) * duration))
      running.send(signal)
      let status = try running.outcome(within: 20).status
      ends[status, default: 0] += 1
      #expect([0, 128 + signal].contains(status), "\(status)")
      var left = try scene.leftovers()
      let isThere = left.contains(name)
      #expect(isThere || (isNew && status != 0), "round \(round)")
      if isThere {
        let isOld = try RawPath(scene(name)).read(0..<9) == Array("old".utf8)
        let isWhole = try digest() == whole
        #expect(isWhole || (isOld && !isNew && status != 0), "round \(round)")
      }
      left.removeAll { $0 == name }
      if signal == SIGKILL {
        // Recognizable, and that of the file; qemu-img's socket may be there, too.
        #expect(
          left.allSatisfy {
            $0.hasPrefix(".\(name).nbdgen-") || $0.hasPrefix("tmp/nbdgen")
          },
          "\(left)"
        )
        _ = try Program.shell("rm -rf .out.* tmp/nbdgen*", directory: scene.callAsFunction("."))
      } else {
        #expect(left == [], "round \(round): \(left)")
      }
    }
    #expect((ends[128 + signal] ?? 0) > 0, "\(ends)")
  }

  @Test("What a killed nbdgen left of the same file is removed, and nothing else")
  func abandoned() throws {
    let scene = try Scene()
    let nbdgen = try Program.nbdgen().path
    let line = """
      for end in abcdef abc locked; do echo old >.out.img.nbdgen-$end; done
      echo old >.out2.img.nbdgen-abcdef; mkdir .out.img.nbdgen-direct
      exec 9<.out.img.nbdgen-locked; flock 9
      \(nbdgen) write -q out.img data 7
      """
    let outcome = try Program.shell(line, directory: scene.callAsFunction("."))
    #expect(outcome.status == 0 && outcome.errorLines.isEmpty, "\(outcome)")
    let left = [
      ".out.img.nbdgen-abc", ".out.img.nbdgen-direct", ".out.img.nbdgen-locked",
      ".out2.img.nbdgen-abcdef", "out.img",
    ]
    #expect(try scene.leftovers() == left)
  }

  @Test("A block device is written with --force, holes and all")
  func device() throws {
    let scene = try scene()
    try RawPath(scene("device")).write([], size: 200 << 20)
    let nbdgen = try Program.nbdgen().path
    let line = """
      yes | head -c 100000000 | dd of=device conv=notrunc status=none
      device=$(losetup -f --show device) || exit
      \(nbdgen) write $device linuxdisk tree; echo "status $?"
      \(nbdgen) write --force $device linuxdisk tree size=300M; echo "status $?"
      \(nbdgen) write --force $device linuxdisk tree; echo "status $?"
      \(nbdgen) write --force $device data '7*1000 @3000 8' >&2
      size=$(blockdev --getsize64 $device); losetup -d $device
      \(nbdgen) write copy linuxdisk tree && cmp -n $(stat -c %s copy) -i 3001 copy device
      head -c 3001 device | \(nbdgen) digest data '7*1000 @3000 8' >digest
      head -c 3001 device | sha256sum | cut -c-64 | cmp - digest && echo "$size"
      """
    let outcome = try Program.shell(line, directory: scene.callAsFunction("."))
    #expect(
      outcome.lines == ["status 1", "status 1", "status 0", "\(200 << 20)"],
      "\(outcome)"
    )
    for text in ["is a block device; --force", "the disk needs 301 MiB", "are as they were"] {
      #expect("\(outcome)".contains(text), "\(text): \(outcome)")
    }
  }

  @Test("All exports of a file go into a directory, or one into a file")
  func exports() throws {
    let scene = try scene()
    try RawPath(scene("tree/e.yaml")).write(
      Array(
        """
        exports:
        - {name: ../a/%, generator: data, parameters: ['<small3']}
        - {name: broken, generator: linuxdisk, parameters: {dir: nowhere}}
        - {name: b, generator: floppy, parameters: {dir: .}}
        """.utf8
      )
    )
    let outcome = try scene.run(["write", "out", "--exports", "tree/e.yaml"])
    #expect(outcome.status == 1, "\(outcome)")
    #expect("\(outcome)".contains("export \"broken\": linuxdisk: nowhere"), "\(outcome)")
    #expect(outcome.errorLines.count == 3, "\(outcome)")
    let names = try RawPath(scene("out")).names().map { String(decoding: $0, as: UTF8.self) }
    #expect(names == ["%2E.%2Fa%2F%25.img", "b.img"])
    let small = try RawPath(scene("tree/small3")).read(0..<9999)
    #expect(try RawPath(scene("out/%2E.%2Fa%2F%25.img")).read(0..<9999) == small)
    // Nothing is built when something is in the way of one.
    let again = try scene.run(["write", "out", "--exports", "tree/e.yaml"])
    expectOneLine(again, status: 1, saying: ["%2E", "exists"])
    let one = try scene.run(["write", "--json", "x", "--exports", "tree/e.yaml", "-e", "b"])
    #expect(one.status == 0 && one.text.hasPrefix("{\"export\":\"b\",\"path\":"), "\(one)")
    #expect(try Program("cmp").run([scene("x"), scene("out/b.img")]).status == 0)
  }

  @Test("A terminal sees a bar, which goes")
  func progress() throws {
    let scene = try Scene()
    let nbdgen = try Program.nbdgen().path
    // Very many pieces, so that it lasts.
    let disk = "data \"(1*100 @+4200)*60000\""
    for (environment, isShown) in [("", true), ("TERM=dumb", false)] {
      let line = "rm -f out; script -qec '\(environment) \(nbdgen) write out \(disk)' /dev/null"
      let terminal = try Program.shell(line, directory: scene.callAsFunction("."))
      let text = String(decoding: terminal.output, as: UTF8.self)
      #expect(text.contains(/nbdgen: \[#*-*\] [0-9]+% [0-9.]+ [KM]iB/) == isShown, "\(text)")
      #expect(!text.contains("\u{1B}"), "\(text)")
      #expect(text.contains("nbdgen: out: data disk"), "\(text)")
    }
  }
}
