import Foundation
import TestSupport
import Testing

/// Clients that come by vsock, in a guest whose kernel has it: the host's may not.
@GuestThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct VsockTests {
  /// What the guest runs: a server and its client, which meet by vsock.
  private static let startScript = """
    #!/bin/sh
    export PATH=/bin:/usr/bin
    cd /
    mount -t proc proc /proc
    dmesg -n 1
    for name in $(cat /modules/vsock); do
      /sbin/busybox insmod "/modules/$name.ko" || echo "guest: FAILED: no module $name"
    done
    echo "guest: vsock begin"
    nbdgen --vsock data '(0x55 0xAA)*5000 @+1M' --run 'echo "$uri" && nbdinfo --size "$uri" && nbdcopy "$uri" - | md5sum'
    nbdgen --vsock -p 77 info address --run 'nbdcopy "$uri" - | cat && echo'
    echo "guest: vsock end"
    sleep 0.2
    poweroff -f

    """

  @Test("A client reaches the server by vsock")
  func guest() throws {
    let guest = try ProgramGuest(
      "vsock",
      programs: [.nbdgen(), Program("nbdinfo"), Program("nbdcopy")],
      script: Self.startScript
    )
    let outcome = try guest.boot()
    let section = try #require(FloppyGuest.section("vsock", of: outcome), "\(outcome)")
    let expected = try Program.shell(
      "{ for i in $(seq 5000); do printf '\\125\\252'; done; head -c 1048576 /dev/zero; } | md5sum"
    )
    #expect(
      section == ["nbd+vsock://1:10809", "1058576"] + expected.lines + ["vsock"],
      "\(outcome)"
    )
  }
}
