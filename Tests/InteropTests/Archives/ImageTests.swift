import Foundation
import TestSupport
import Testing

/// Disks of images of containers.
@FilesystemThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct ImageTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  /// Three layers, plain and compressed, and the directory that they make.
  private func layers() throws -> (paths: [String], merged: String) {
    let script = """
      set -e; cd \(directory.path); mkdir -p one/etc one/usr/lib one/opaque/x one/gone
      echo 1 >one/etc/a; echo 1 >one/etc/b; echo 1 >one/opaque/x/y; echo 1 >one/gone/x
      ln one/etc/a one/usr/lib/linked; ln -s usr/lib one/lib; echo lib >one/usr/lib/z
      mkdir -p two/etc two/opaque two/lib; echo 2 >two/etc/b; : >two/etc/.wh.a; : >two/.wh.gone
      : >two/opaque/.wh..wh..opq; echo 2 >two/opaque/new; setfattr -n user.x -v y two/etc/b
      mkdir -p three/etc; : >three/etc/.wh.none; echo 3 >three/etc/c
      mkdir -p merged/etc merged/usr/lib merged/opaque; echo 2 >merged/etc/b; echo 3 >merged/etc/c
      setfattr -n user.x -v y merged/etc/b; echo 2 >merged/opaque/new
      echo 1 >merged/usr/lib/linked; ln -s usr/lib merged/lib; echo lib >merged/usr/lib/z
      ln merged/etc/b merged/usr/b
      ln two/etc/b two/b
      find one two three merged -exec touch -hd '2020-01-01 00:00:00.5' {} +
      t="tar --format=posix --xattrs --sort=name -cf"
      $t one.tar -C one .
      $t two.tar -C two ./etc ./opaque ./.wh.gone
      $t three.tar -C three ./etc
      # A link to a file of a lower layer.
      python3 - <<'END'
      import tarfile
      with tarfile.open('three.tar', 'a') as archive:
        link = tarfile.TarInfo('./usr/b'); link.type = tarfile.LNKTYPE; link.linkname = './etc/b'
        archive.addfile(link)
      END
      gzip -k one.tar; zstd -q two.tar
      """
    try Program.succeedShell(script)
    return (["one.tar.gz", "two.tar.zst", "three.tar"].map { directory($0) }, directory("merged"))
  }

  @Test("Layers are merged, with whiteouts and hard links") func merging() throws {
    let (layers, merged) = try layers()
    let builder = try ImageBuilder(directory("layout"))
    try builder.finish([try builder.manifest(layers)])
    let expected = try ArchiveTree.disk([merged])
    let found = try ArchiveTree.disk(["oci=\(builder.path)"])
    #expect(found.digest == expected.digest)
    #expect(found.notes.count == 1, "\(found.notes)")

    // The same in an archive, and in a compressed one.
    let script =
      "tar -C \(builder.path) -cf \(directory("layout.tar")) .; gzip -k \(directory("layout.tar"))"
    try Program.succeedShell(script)
    for name in ["layout.tar", "layout.tar.gz"] {
      #expect(try ArchiveTree.disk(["oci=\(directory(name))"]).digest == expected.digest)
    }
  }

  @Test("Archives of docker save") func docker() throws {
    let (layers, merged) = try layers()
    let script = """
      set -e; cd \(directory.path); mkdir -p save/1 save/2 save/3; gzip -dc one.tar.gz >save/1/layer.tar
      zstd -qdc two.tar.zst >save/2/layer.tar; ln -s ../2/layer.tar save/3/again.tar
      cp \(layers[2]) save/3/layer.tar
      sum() { sha256sum "$1" | cut -c1-64; }
      echo '{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":["sha256:'$(
        sum save/1/layer.tar)'","sha256:'$(sum save/2/layer.tar)'"]}}' >save/config.json
      echo '[{"Config":"config.json","RepoTags":["box:latest","box:1"],"Layers":["1/layer.tar",
        "3/again.tar","3/layer.tar"]},{"Config":"config.json","RepoTags":["other:2"],
        "Layers":[]}]' >save/manifest.json
      tar -C save -cf save.tar .
      """
    try Program.succeedShell(script)
    let image = "oci=\(directory("save.tar"))"
    let expected = try ArchiveTree.disk([merged])
    // Nothing is written anywhere.
    let environment = ["TMPDIR": "/nonexistent"]
    #expect(
      try ArchiveTree.disk([image, "image=box"], environment: environment).digest == expected.digest
    )
    #expect(try ArchiveTree.disk([image, "image=box:1"]).digest == expected.digest)
    let several = try ArchiveTree.failure([image])
    #expect(
      several.hasSuffix(
        "save.tar: has several images; image= picks one of box:latest, box:1, other:2"
      )
    )
    let none = try ArchiveTree.failure([image, "image=none"])
    #expect(
      none.hasSuffix("save.tar: has no image none; it has box:latest, box:1, other:2"),
      "\(none)"
    )
    let other = try ArchiveTree.failure([image, "image=box", "platform=linux/s390x"])
    #expect(other.hasSuffix("save.tar: has no image for linux/s390x; it has one for linux/amd64"))
  }

  @Test("Images are picked by name and platform") func choices() throws {
    for name in ["a", "b", "c"] {
      let folder = RawPath(directory(name))
      try folder.makeDirectory()
      try (folder / "name").write(Array(name.utf8))
      try ArchiveTree.tar(folder, [], to: directory("\(name).tar"))
    }
    let builder = try ImageBuilder(directory("layout"))
    func manifest(_ name: String, _ more: String) throws -> String {
      try builder.manifest([directory("\(name).tar")], more: more)
    }
    let nested = try builder.index(
      [
        try manifest("a", ImageBuilder.platform("amd64")),
        try manifest("b", ImageBuilder.platform("arm64", variant: "v8")),
      ],
      more: ImageBuilder.named("several")
    )
    let single = try manifest("c", ImageBuilder.named("single"))
    try builder.finish([nested, single])
    let image = "oci=\(builder.path)"
    func name(_ words: [String]) throws -> String {
      let disk = try PartitionImage(of: RawPath(image), words)
      let output = try Debugfs(image: disk.partition).run(["cat name"])[0]
      return String(decoding: output, as: UTF8.self)
    }
    #expect(try name(["image=several", "platform=linux/amd64"]) == "a")
    #expect(try name(["image=several", "platform=linux/arm64"]) == "b")
    #expect(try name(["image=several", "platform=linux/arm64/v8"]) == "b")
    #expect(try name(["image=single"]) == "c")
    let errors: [([String], String)] = [
      ([], "has several images; image= picks one of several, single"),
      (["image=x"], "has no image x; it has several, single"),
      (
        ["image=several", "platform=linux/s390x"],
        "has no image for linux/s390x; platform= picks one of linux/amd64, linux/arm64/v8"
      ),
      (
        ["image=single", "platform=linux/s390x"],
        "has no image for linux/s390x; it has one for linux/amd64"
      ),
    ]
    for (words, problem) in errors {
      let failure = try ArchiveTree.failure([image] + words)
      #expect(failure.hasSuffix("layout: " + problem), "\(failure)")
    }
  }

  @Test("Blobs that are damaged or missing are named") func damaged() throws {
    let folder = RawPath(directory("a"))
    try folder.makeDirectory()
    try (folder / "file").write(Array("content".utf8))
    try ArchiveTree.tar(folder, [], to: directory("a.tar"))
    let digest = try Program("sha256sum").succeed([directory("a.tar")]).text.prefix(64)
    let builder = try ImageBuilder(directory("layout"))
    try builder.finish([try builder.manifest([directory("a.tar")])])
    let blob = "\(builder.path)/blobs/sha256/\(digest)"
    let image = ["oci=\(builder.path)"]
    _ = try ArchiveTree.disk(image)
    try Program.succeedShell("printf X | dd of=\(blob) bs=1 seek=600 conv=notrunc status=none")
    let damaged = try ArchiveTree.failure(image)
    #expect(
      damaged.hasSuffix("\(digest): does not have the digest that the image says: it is damaged")
    )
    try Program.succeedShell("truncate -s -512 \(blob)")
    let cut = try ArchiveTree.failure(image)
    #expect(cut.hasSuffix("\(digest): has 9728 bytes, where the image says 10240"), "\(cut)")
    try RawPath(blob).remove()
    let missing = try ArchiveTree.failure(image)
    #expect(missing.hasSuffix("layout: the blob sha256:\(digest) is missing"), "\(missing)")
    try Program.succeedShell("echo '{}' >\(builder.path)/index.json")
    let none = try ArchiveTree.failure(image)
    #expect(none.hasSuffix("index.json: neither an index nor a manifest of an image"), "\(none)")
  }
}
