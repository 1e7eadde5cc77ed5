import Foundation
import TestSupport
import Testing

/// Options in all their spellings.
@CommandThread
@Suite(.tags(.command), .timeLimit(.minutes(30)))
struct OptionTests {
  @Test(
    "Options are spelt as nbdkit's users do",
    arguments: [
      "-U - linuxdisk tree", "-U- linuxdisk tree", "--unix - linuxdisk tree",
      "--unix=- linuxdisk tree", "-U ./sock linuxdisk tree", "--unix=sock linuxdisk tree",
      "-p 0 linuxdisk tree", "-p0 linuxdisk tree", "--port 0 linuxdisk tree",
      "--port=0 linuxdisk tree", "-p 0 -i 127.0.0.1 linuxdisk tree",
      "-p 0 --ipaddr 127.0.0.1 linuxdisk tree", "-p 0 --ip-addr=127.0.0.1 linuxdisk tree",
      "-p 0 -i 0.0.0.0 linuxdisk tree", "-p 0 -i localhost linuxdisk tree",
      "-U - -f linuxdisk tree", "-U - --foreground linuxdisk tree",
      "-U - --no-fork linuxdisk tree", "-U - -r linuxdisk tree", "-U - --readonly linuxdisk tree",
      "-U - --read-only linuxdisk tree", "-U - -fr linuxdisk tree",
      "-U - -P pid linuxdisk tree", "-U - -Ppid linuxdisk tree",
      "-U - --pidfile pid linuxdisk tree", "-U - --pidfile=pid linuxdisk tree",
      "-U - --pid-file=pid linuxdisk tree", "linuxdisk -U - tree", "linuxdisk tree -U - -r",
      "linuxdisk dir=tree type=ext4 -U - label=x", "-U - -- linuxdisk tree",
      "-U - linuxdisk dir=tree size=0", "-U - linuxdisk tree size=+0",
    ]
  )
  func spelling(_ line: String) throws {
    let scene = try Scene()
    let words = line.split(separator: " ").map(String.init)
    let check = "nbdinfo --size \"$uri\" && nbdinfo --is read-only \"$uri\""
    // In front, so that what follows may end with `--`.
    let outcome = try scene.run(["--run", check] + words)
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    #expect(outcome.lines.count == 1, "\(outcome)")
    #expect(try scene.leftovers() == [])
  }

  @Test("G8: the port is 10809 if none is asked for")
  func defaultPort() throws {
    let scene = try Scene()
    // At an address of its own: at the usual ones somebody may have the port.
    let check = "nbdinfo --size nbd://127.0.108.9:10809"
    let outcome = try scene.run(["-i", "127.0.108.9", "--run", check, "linuxdisk", "tree"])
    #expect(outcome.status == 0 && outcome.lines.count == 1, "\(outcome)")
  }

  @Test("The end of the line may be --run's", arguments: ["--run", "--run="])
  func runAtTheEnd(_ option: String) throws {
    let scene = try Scene()
    let command = "echo \"$exportname\" --end"
    let end = option.hasSuffix("=") ? [option + command] : [option, command]
    let outcome = try scene.run(["-U", "-", "linuxdisk", "tree"] + end)
    #expect(outcome.lines == [" --end"], "\(outcome)")
  }

  @Test(
    "The export's name is in the URI and with clients",
    arguments: ["-e", "--exportname", "--export-name", "--export"]
  )
  func exportName(_ option: String) throws {
    let scene = try Scene()
    let names = [
      ("a b?\u{E9}", "a%20b%3F%C3%A9"), ("a/b", "a/b"), ("100%", "100%25"), ("#&=+;", nil),
      ("-e", "-e"), ("\u{1F427}", "%F0%9F%90%A7"),
    ]
    for (name, encoded) in names {
      let line = "echo \"$uri\"; nbdinfo --list --json \"$uri\"; nbdinfo --size \"$uri\""
      for place in [["-U", "-"], ["-p", "0"]] {
        let outcome = try scene.run(place + [option, name, "linuxdisk", "tree", "--run", line])
        #expect(outcome.status == 0, "\(outcome)")
        let uri = outcome.lines.first ?? ""
        if let encoded { #expect(uri.contains("/\(encoded)"), "\(uri)") }
        #expect(uri.allSatisfy { $0.isASCII && $0 != " " }, "\(uri)")
        #expect(outcome.text.contains("\"export-name\": \"\(name)\""), "\(outcome)")
      }
    }
    #expect(try scene.leftovers() == [])
  }

  @Test("A verbose run tells what it does", arguments: ["-v", "--verbose"])
  func verbose(_ option: String) throws {
    let scene = try Scene()
    let words = ["-U", "-", option, "--run", "nbdinfo --size $uri", "linuxdisk", "tree"]
    let outcome = try scene.run(words)
    #expect(outcome.status == 0)
    #expect(outcome.lines.count == 1)
    #expect(outcome.errorLines.count > 1, "\(outcome)")
    #expect(outcome.errorLines.allSatisfy { $0.hasPrefix("nbdgen: ") }, "\(outcome)")
    #expect(try scene.leftovers() == [])
  }

  @Test("Help and version go to the standard output")
  func help() throws {
    let scene = try Scene()
    func text(_ arguments: [String]) throws -> String {
      let outcome = try scene.run(arguments)
      #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
      return outcome.text
    }
    let overview = try text(["--help"])
    for word in ["--run", "--unix", "--pidfile", "linuxdisk", "nbdgen help"] {
      #expect(overview.contains(word), "\(word)")
    }
    #expect(try text(["-h"]) == overview)
    #expect(try text(["help"]) == overview)
    let page = try text(["help", "linuxdisk"])
    for word in ["dir=", "type=ext2|ext3|ext4", "label=", "size="] { #expect(page.contains(word)) }
    #expect(try text(["linuxdisk", "--help"]) == page)
    #expect(try text(["--help", "linuxdisk"]) == page)
    #expect(page.split(separator: "\n").allSatisfy { $0.count <= 80 })

    let version = try text(["--version"])
    #expect(version.wholeMatch(of: /nbdgen [0-9]+\.[0-9]+\.[0-9]+\n/) != nil, "\(version)")
    #expect(try text(["-V"]) == version)
  }
}
