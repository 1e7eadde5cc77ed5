import DiskModel
import TestSupport
import Testing

@testable import FileTree

/// Members of archives, one over the other.
@Suite struct ArchiveDraftTests {
  /// Names, sizes and links' targets of the tree that layers make.
  private func tree(_ layers: [TarBuilder], hasWhiteouts: Bool = true) throws -> [String] {
    var draft = ArchiveDraft(keepsAttributes: true)
    for layer in layers {
      let opened = try ArchiveOpener().tar(layer.finished)
      try draft.add(opened.found.members, of: opened.archive, hasWhiteouts: hasWhiteouts)
    }
    let tree = draft.draft.finish()
    var lines: [String] = []
    func list(_ node: Int, _ path: String) {
      for index in tree.nodes[node].children {
        let entry = tree.entries[index]
        let child = tree.nodes[Int(entry.node)]
        let name = path + String(decoding: tree.text[tree.name(of: entry)], as: UTF8.self)
        switch child.kind {
        case .directory:
          lines.append(name + "/")
          list(Int(entry.node), name + "/")
        case .symbolicLink:
          lines.append("\(name) -> \(String(decoding: tree.text[child.target], as: UTF8.self))")
        default: lines.append("\(name) \(child.size)" + (child.linkCount > 1 ? "*" : ""))
        }
      }
    }
    list(0, "")
    return lines
  }

  private func failure(_ layers: [TarBuilder]) -> String {
    do { return "\(try tree(layers))" } catch { return "\(error)" }
  }

  private func layer(_ fill: (inout TarBuilder) -> Void) -> TarBuilder {
    var builder = TarBuilder()
    fill(&builder)
    return builder
  }

  @Test("Later members win, and missing directories are made") func order() throws {
    let archive = layer {
      $0.add("a/b/c", content: [1])
      $0.add("a/b/c", content: [1, 2])
      $0.add("a/file", content: [1])
      $0.add("a/file", type: "5")
      $0.add("a/file/x")
      $0.add("a/d", type: "5")
      $0.add("a/d/x")
      $0.add("a/d", type: "5")
      $0.add("a/e/x")
      $0.add("a/e", content: [1, 2, 3])
    }
    let expected = ["a/", "a/b/", "a/b/c 2", "a/d/", "a/d/x 0", "a/e 3", "a/file/", "a/file/x 0"]
    #expect(try tree([archive], hasWhiteouts: false) == expected)
  }

  @Test("Symbolic links on the way are followed inside of the tree") func links() throws {
    let archive = layer {
      $0.add("usr/lib", type: "5")
      $0.add("lib", type: "2", link: "usr/lib")
      $0.add("lib/one")
      $0.add("up", type: "2", link: "/../../usr/./lib/../new")
      $0.add("up/two")
      $0.add("hard", type: "1", link: "lib/one")
    }
    #expect(
      try tree([archive]) == [
        "hard 0*", "lib -> usr/lib", "up -> /../../usr/./lib/../new", "usr/", "usr/lib/",
        "usr/lib/one 0*", "usr/new/", "usr/new/two 0",
      ]
    )
    let circle = layer {
      $0.add("a", type: "2", link: "b")
      $0.add("b", type: "2", link: "a")
      $0.add("a/c")
    }
    #expect(
      failure([circle]).hasSuffix(
        "a/c: too many symbolic links lead to one another on the way to it"
      )
    )
  }

  @Test("Whiteouts remove what lower layers have") func whiteouts() throws {
    let lower = layer {
      $0.add("keep/a")
      $0.add("keep/b")
      $0.add("opaque/lower/x")
      $0.add("opaque/both", content: [1])
      $0.add("gone/x")
      $0.add("linked", content: [1])
      $0.add("again", type: "1", link: "linked")
    }
    let upper = layer {
      $0.add("keep/.wh.a")
      $0.add("opaque/both", content: [1, 2])
      $0.add("opaque/.wh..wh..opq")
      $0.add(".wh.gone")
      $0.add("gone", content: [1, 2, 3])
      $0.add(".wh.never")
      $0.add("no/such/.wh.folder")
      $0.add(".wh..wh.plnk", type: "5")
      $0.add(".wh.linked")
      $0.add("third", type: "1", link: "again")
    }
    #expect(
      try tree([lower, upper]) == [
        "again 1*", "gone 3", "keep/", "keep/b 0", "opaque/", "opaque/both 2", "third 1*",
      ]
    )
    let root = layer { $0.add(".wh..wh..opq") }
    #expect(try tree([lower, root]) == [])
    // Without layers they are names like any other.
    #expect(try tree([root], hasWhiteouts: false) == [".wh..wh..opq 0"])
  }

  @Test("A hard link to nothing is named") func absent() {
    let archive = layer { $0.add("a/b", type: "1", link: "no/file") }
    #expect(
      failure([archive])
        == "test.tar: at offset 0: a/b: is a hard link to no/file, which is not there"
    )
    let directory = layer {
      $0.add("d", type: "5")
      $0.add("b", type: "1", link: "d")
    }
    #expect(failure([directory]).hasSuffix("b: is a hard link to d, a directory"))
  }

  @Test("Runs of data of sparse members are found in the archive") func sparse() throws {
    let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0) }
    let source = SparseMember(MemorySource(bytes), offset: 100, ranges: [10..<20, 50..<100])
    var whole = [UInt8](repeating: 0, count: 120)
    whole.replaceSubrange(10..<20, with: bytes[100..<110])
    whole.replaceSubrange(50..<100, with: bytes[110..<160])
    for start in 0..<120 {
      for end in start...120 {
        #expect(try source.bytes(end - start, at: start) == Array(whole[start..<end]))
      }
    }
  }

  @Test("ACLs as text become those of Linux") func accessLists() {
    func encode(_ text: String) -> AccessListText.Outcome {
      AccessListText.encode(Array(text.utf8), isDefault: false)
    }
    let entries: [[UInt8]] = [
      [2, 0, 0, 0], [1, 0, 7, 0, 255, 255, 255, 255], [2, 0, 6, 0, 0, 0, 0, 0],
      [2, 0, 4, 0, 0xE8, 3, 0, 0], [4, 0, 5, 0, 255, 255, 255, 255],
      [16, 0, 6, 0, 255, 255, 255, 255], [32, 0, 1, 0, 255, 255, 255, 255],
    ]
    let list = AccessListText.List(value: Array(entries.joined()), permissions: 0o761)
    let forms = [
      "user::rwx\nuser:lisa:r--:1000\nuser:root:rw-\ngroup::r-x\nmask::rw-\nother::--x\n",
      "u::rwx,g::r-x,o::--x,m::rw-,u:1000:r,u:0:rw",
      "mask:rw,user::rwx #owner,user:0:rw-,user:1000:r--,group::r-x,other:x",
    ]
    for form in forms { #expect(encode(form) == .list(list)) }
    #expect(encode("user::rw-,group::r--,other::r--") == .isMode)
    #expect(encode("user::rw-,user:lisa:r--,group::r--,mask::r--,other::r--") == .namesSomebody)
    for wrong in ["", "x", "user::rw-", "user::rw-,group::r?-,other::r--", "a:b:c:d:e"] {
      #expect(encode(wrong) == .isWrong)
    }
  }
}
