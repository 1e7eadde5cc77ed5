import DiskModel
import Testing

@testable import FileTree

@Suite("Device tables")
struct DeviceTableTests {
  @Test func aTableAsOfBuildroot() throws {
    let parsed = try Parsed(
      """
      # <name>	<type>	<mode>	<uid>	<gid>	<major>	<minor>	<start>	<inc>	<count>
      /dev		d	755	0	0	-	-	-	-	-
      /dev/null	c	666	0	0	1	3	0	0	-
      /dev/tty	c	666	0	5	4	1	1	2	3
      /tmp		d	1777	0	0
      /etc/shadow	f	600	root	shadow	-	-	-	-	-
      /etc/maybe	F	-	-	-
      /var/www	r	-1	33	33	-	-	-	-	-
      /run/fifo	p	640	0	0	-	-	-	-	-
      /run/log	s	666	0	0	-	-	-	-	-
      /dev/one	b	660	0	6	7	9	4	1	1
      """
    )
    #expect(parsed.faults.isEmpty)
    #expect(
      parsed.paths == [
        "dev", "dev/null", "dev/tty1", "dev/tty2", "dev/tty3", "tmp", "etc/shadow", "etc/maybe",
        "var/www", "run/fifo", "run/log", "dev/one",
      ]
    )
    let kinds = parsed.entries.map { $0.kind?.value }
    #expect(
      kinds == [
        .directory, .characterDevice, .characterDevice, .characterDevice, .characterDevice,
        .directory, .regular, .regular, nil, .fifo, .socket, .blockDevice,
      ]
    )
    let minors = parsed.entries.map { $0.device?.value.minor }
    #expect(minors == [nil, 3, 1, 3, 5, nil, nil, nil, nil, nil, nil, 9])
    #expect(parsed.entries[5].permissions == 0o1777)
    #expect(parsed.entries[6].user?.value == .name(Array("root".utf8)))
    #expect(parsed.entries.map(\.absence)[6...8] == [.refuses, .skips, .refuses])
    #expect(parsed.entries[7].permissions == nil && parsed.entries[7].user == nil)
    #expect(parsed.entries[8].action == .setBelow && parsed.entries[8].permissions == nil)
  }

  @Test func linesOfCapabilitiesAreForTheFileAbove() throws {
    let parsed = try Parsed(
      """
      /bin/ping f 755 0 0 - - - - -
      |xattr cap_net_raw+ep
      /bin/two f 755 0 0 - - - - -
      |xattr cap_chown+eip
        |xattr CAP_CHECKPOINT_RESTORE=eip
      /bin/none f 755 0 0 - - - - -
      """
    )
    #expect(parsed.faults.isEmpty)
    let values = parsed.entries.map { $0.attributes.first.map { Array($0.value) } ?? [] }
    let ping: [UInt8] = [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    let two: [UInt8] = [1, 0, 0, 2, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0]
    #expect(values == [ping, two, []])
    #expect(parsed.entries[0].attributes[0].name.elementsEqual("security.capability".utf8))
  }

  @Test(arguments: [
    ("/a", "1:1: after the name there is a type: f, F, d, r, c, b, p or s"),
    ("/a q 1", "1:4: q is no type; there are f, F, d, r, c, b, p and s"),
    (
      "/a l 777 0 0",
      "1:4: no field says where a link leads; an mtree manifest does: type=link "
        + "link=..."
    ),
    ("/a d 888", "1:6: 888 is no octal mode, nor -1 or -"),
    ("/a d 10000", "1:6: 10000 is no octal mode, nor -1 or -"),
    ("/a c 600 0 0 - - - - -", "1:4: a device needs numbers, major and minor"),
    (
      "/a c 600 0 0 1 2 3 4 5 6",
      "1:24: a line has ten fields: name type mode uid gid major minor "
        + "start inc count"
    ),
    ("/a c 600 0 0 5000 1", "1:4: Linux has device numbers up to 4095 (major) and 1048575 (minor)"),
    ("/a c 600 0 0 x 1", "1:14: x is no number up to 1048575, nor -"),
    ("/a c 600 0 0 1 1 0 1 9999999999", "1:22: 9999999999 is no number up to 1048575, nor -"),
    (
      "/a c 600 0 0 1 1 0 1048575 1048575",
      "1:28: Linux has device numbers up to 4095 (major) and "
        + "1048575 (minor)"
    ),
    ("/a d 755 0 0 - - 0 1 4", "1:22: only devices, fifos and sockets can be counted"),
    ("/a/../b d 755", "1:1: a path may not have .. in it; write it from the root"),
    ("|xattr cap_chown+p", "1:1: there is no file above this line that it could be for"),
    ("/a f\n|xattr", "2:1: after |xattr there are capabilities, such as cap_net_raw+ep"),
    ("/a f\n|attr x", "2:1: |attr is not known; there is |xattr"),
    ("/a f\n|xattr cap_net_row+p", "2:8: cap_net_row is no capability; did you mean cap_net_raw?"),
    ("/a f\n|xattr cap_chown,cap_x+p", "2:18: cap_x is no capability"),
    ("/a f\n|xattr cap_chown", "2:8: cap_chown does not say what for, such as +ep"),
    ("/a f\n|xattr cap_chown+ex", "2:18: after +, - and = there are the letters e, i and p"),
    (
      "/a f\n|xattr cap_chown+ep cap_kill+p",
      "2:1: e is for all capabilities that have i or p, or "
        + "for none"
    ),
  ])
  func faultsHaveTheirPlaces(text: String, fault: String) throws {
    let faults = try Parsed(text, .devices).faults
    #expect(faults.first?.hasPrefix(fault) == true && faults.count == 1, "\(faults)")
  }

  @Test func manyFilesOfOneLineAreMadeOneByOne() throws {
    var reader = try Manifest.reader(
      of: Array("/n p 600 0 0 - - 0 0 1048575".utf8),
      .devices
    )
    var errors: [ManifestError] = []
    for number in 0..<3 {
      #expect(reader.next(&errors)?.path == Array("n\(number)".utf8))
    }
    #expect(errors.isEmpty)
  }
}
