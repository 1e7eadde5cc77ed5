import ArgumentParser
import DataGenerator
import DiskModel
import GeneratorKit
import NBDServer
import SystemPackage

/// Puts a small disk into an export name, to be handed around:
/// `nbdgen share FILE|EXPRESSION`.
struct Share: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "share",
    abstract: "Prints a URI that is a disk, and commands that use it.",
    discussion: """
      A server that runs "nbdgen info" holds no disk: its clients bring them in the export name, of \
      at most 4096 bytes. This prints the name of a disk, in Base64 or as an expression, whichever \
      is shorter.
      """,
    helpNames: [.short, .long]
  )

  @Option(name: .long, help: "The host that the server will run on.")
  var host = "localhost"

  @Option(name: .shortAndLong, help: "The port that it will listen on.")
  var port: UInt16 = 10809

  @Argument(
    help: .init(
      "A file, or what nbdgen data takes; a file of that name comes first.",
      valueName: "file|expression"
    )
  )
  var subject: String

  func run() throws {
    guard port > 0 else { throw UserError(usage: "share: -p 0: not a port; write one from 1 on") }
    guard !host.isEmpty, !host.contains(where: { " ,/?#@[]\"'".contains($0) || $0.isNewline })
    else {
      throw UserError(usage: "share: --host \(host): not a host's name or address")
    }
    let shared = try SharedDisk(subject)
    let server = shared.mode == .base64 ? "info base64exportname" : "info data"
    let uri = ExportURI(.tcp(address: host, port: Int(port)), exportName: shared.name)
    let drive = [
      "snapshot=on", "format=raw", "file.driver=nbd", "file.host=\(host)", "file.port=\(port)",
      // A comma would start the next option.
      "file.export=" + shared.name.replacing(",", with: ",,"),
    ]
    let boot = "qemu-system-i386 -drive file=\"$uri\",format=raw,snapshot=on"
    let isLocal = ["localhost", "127.0.0.1", "::1"].contains(host)
    let listen = (isLocal ? "" : "-i \(host) ") + (port == 10809 ? "" : "-p \(port) ")
    let size = shared.name.utf8.count
    let name = shared.name.isEmpty ? "" : " --exportname=\(shellQuoted(shared.name))"
    print(
      """
      # \(shared.size) bytes as \(shared.mode.rawValue), a name of \(size) bytes of at most 4096
      # serve and boot it:
      nbdgen -U -\(name) \(server) --run \(shellQuoted(boot))
      # or run a server that holds nothing:
      nbdgen \(listen)\(server)
      # whose clients bring the disk, by URI:
      \(uri.text)
      # in qemu:
      qemu-system-i386 -drive \(shellQuoted(drive.joined(separator: ",")))
      """
    )
  }
}

/// A disk that is small enough for an export name.
private struct SharedDisk {
  var name: String
  var mode: Form
  /// Size of the disk in bytes.
  var size: Int

  enum Form: String {
    case base64 = "Base64"
    case expression = "a data expression"
  }

  /// Longest name of an export, in bytes.
  private static let nameLimit = 4096

  init(_ subject: String) throws {
    let descriptors = DescriptorCache(capacity: 1)
    let file = try Self.file(subject, descriptors)
    let disk = try file ?? Self.expression(subject, descriptors)
    size = disk.size
    let base64Size = (disk.size / 3) * 4 + [0, 2, 3][disk.size % 3]
    // As it was written, unless that is long or needs something of this host.
    if file == nil, subject.utf8.count <= min(base64Size, Self.nameLimit),
      (try? StrangersExpression.disk(Array(subject.utf8))) != nil
    {
      (name, mode) = (subject, .expression)
      return
    }
    var names: [(String, Form)] = []
    do throws(ReadFailure) {
      if let text = try ShortestExpression.text(of: disk, limit: Self.nameLimit) {
        names.append((text, .expression))
      }
      if base64Size <= Self.nameLimit {
        names.append((Base64.encodeForURL(try disk.bytes(0..<disk.size)), .base64))
      }
    } catch {
      throw UserError(host: "share: \(error.description)")
    }
    guard let shortest = names.min(by: { $0.0.utf8.count < $1.0.utf8.count }) else {
      throw UserError(
        usage: "share: a disk of \(disk.size) bytes does not fit: in Base64 it takes \(base64Size) "
          + "bytes, as an expression more than \(Self.nameLimit), which a name may have"
      )
    }
    (name, mode) = shortest
  }

  /// The file at a path, if there is one.
  private static func file(_ path: String, _ descriptors: DescriptorCache) throws -> Disk? {
    do throws(Errno) {
      if let disk = try Disk.ofHostFile(path, descriptors: descriptors) { return disk }
    } catch Errno.noSuchFileOrDirectory, Errno.notDirectory, Errno.fileNameTooLong {
      return nil
    } catch {
      throw UserError(host: "share: \(path): \(error.description)")
    }
    throw UserError(host: "share: \(path): not a regular file; give a file or an expression")
  }

  private static func expression(_ text: String, _ descriptors: DescriptorCache) throws -> Disk {
    let environment = BuildEnvironment(variables: [:], descriptors: descriptors)
    do throws(GeneratorError) {
      let parameters = try Parameters(["data=\(text)"], for: DataDisk.manual)
      guard let disk = try DataDisk.build(parameters, in: environment).disk else {
        preconditionFailure("an expression is the same disk for all")
      }
      return disk
    } catch {
      var error = UserError(error, of: "share")
      error.lines.insert("share: there is no file of this name, and as an expression:", at: 0)
      throw error
    }
  }
}

/// The text as one word of a shell.
func shellQuoted(_ text: String) -> String {
  let isPlain = text.utf8.allSatisfy { byte in
    Character(UnicodeScalar(byte)).isLetter && byte < 0x80
      || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "_-+=./,:@%".utf8.contains(byte)
  }
  if isPlain && !text.isEmpty { return text }
  return "'" + text.replacing("'", with: "'\\''") + "'"
}
