import TestSupport

/// Valid inputs of the fuzzers, from which others are made.
package enum FuzzSeeds {
  /// A disk of every kind of piece, as inputs describe it.
  private static let mixedDisk: [UInt8] = [
    7,
    5, 0x10, 0x00, 1,
    0x80, 0x60, 0x00, 0,
    0x81, 0x30, 0x00, 0,
    5, 0x01, 0x23, 9,
    4, 0x0F, 0xA0, 3,
    0, 0x00, 0x07, 0,
    0x85, 0xFF, 0xFF, 2,
  ]

  /// Nothing but a hole, of 2^62 bytes.
  private static let hugeDisk: [UInt8] = [1, 2, 0x80, 0x00, 47]

  /// Long data, for replies in several pieces.
  private static let longDisk: [UInt8] = [
    5, 5, 0xFF, 0xF0, 1, 5, 0xFF, 0xFF, 2, 5, 0xFF, 0xF3, 3, 0, 0xF0, 0x00, 0, 5, 0xFF, 0xF0, 4,
  ]

  private static func names(_ name: String) -> [UInt8] { Array(name.utf8) }

  private static func info(_ name: String, _ types: [UInt16] = [0, 1, 2, 3]) -> [UInt8] {
    NBDTestClient.infoData(name: names(name), requests: types)
  }

  private static func contexts(_ name: String, _ queries: [String]) -> [UInt8] {
    NBDTestClient.metaContextData(name: names(name), queries: queries.map(names))
  }

  /// Options as clients send them one after the other.
  private static func conversations(_ name: String) -> [[(code: UInt32, data: [UInt8])]] {
    let allocation = contexts(name, ["base:allocation"])
    return [
      [(7, info(name))],
      [(8, []), (10, allocation), (6, info(name)), (7, info(name))],
      [(11, []), (10, allocation), (8, []), (7, info("", [3]))],
      [(11, []), (10, contexts("", ["base:", "base:allocation"])), (6, info("")), (7, info(""))],
      [(8, []), (3, []), (9, contexts(name, [])), (9, contexts(name, ["base:"])), (2, [])],
      [(10, allocation), (8, []), (10, allocation), (10, [0]), (1, names(name))],
      [(8, [1]), (3, [1]), (6, [0]), (9, contexts("third", [])), (7, info("third")), (1, [])],
      [
        (8, []), (9, contexts(name, ["nbdgen:"])),
        (10, contexts(name, ["nbdgen:segment", "base:allocation", "nbdgen:segment"])),
        (7, info(name)),
      ],
      [(11, []), (10, contexts(name, ["nbdgen:segment"])), (7, info(name))],
      [(99, [1, 2, 3]), (4, []), (1, names("third"))],
    ]
  }

  /// Inputs of the fuzzer of options.
  package static var options: [[UInt8]] {
    (0..<3).flatMap { tls in
      [0, 1, 2, 3].flatMap { flags in
        conversations("first").flatMap { conversation in
          [conversation, [(5, [])] + conversation].map { options in
            options.reduce([tls, 0, 0, 0, flags]) { bytes, option in
              var bytes = bytes + [UInt8(option.code)]
              bytes.append(u16: UInt16(option.data.count))
              return bytes + option.data
            }
          }
        }
      }
    }
  }

  /// Inputs of the fuzzer of requests.
  package static var requests: [[UInt8]] {
    [mixedDisk, hugeDisk, longDisk].flatMap { disk in
      (0..<3 as Range<UInt8>).flatMap { form in
        [0x00, 0x10, 0x30, 0x50].map { (agreement: UInt8) in
          var bytes = [agreement | form] + disk
          for type in 0...8 as ClosedRange<UInt8> {
            for flags in [0, 1, 4, 8] as [UInt8] {
              bytes += [type, flags, 0b0000, 0x12, 0x34, 0x20, 0x01]
              bytes += [type, flags, 0b0101, 0x00, 0x01, 0x00, 0x70]
            }
          }
          // To the end of the disk, and beyond it.
          for excess in [0, 2, 3] as [UInt8] { bytes += [0, 0, 0b1101, 0, 3, excess] }
          bytes += [7, 8, 0b1000, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0]
          bytes += [7, 32, 0b0000, 0, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 1]
          return bytes
        }
      }
    }
  }

  /// Inputs of the fuzzer of connections.
  package static var connections: [[UInt8]] {
    let heads: [[UInt8]] = [
      [0, 0, 0], [1, 0, 2, 1, 200], [0, 0x84, 1, 40], [3, 0x48, 2, 28, 7], [255, 0x83, 1, 100],
    ]
    let disks = [mixedDisk + hugeDisk, longDisk + mixedDisk]
    return heads.flatMap { head in
      disks.flatMap { disks in
        conversations("disk").map { conversation in
          let options = conversation.flatMap { NBDTestClient.optionBytes($0.code, data: $0.data) }
          let isExtended = conversation.contains { $0.code == NBD.Option.extendedHeaders }
          return head + disks + [0, 0, 0, 3] + options + stream(isExtended: isExtended)
        }
      }
    }
  }

  /// Requests as they are on the wire.
  private static func stream(isExtended: Bool) -> [UInt8] {
    var requests: [NBDTestClient.Request] = []
    for (offset, length) in [(0, 4096), (1000, 30_000), (0, 200_000), (100, 262_144)] {
      for (type, flags) in [(0, 0), (0, 4), (7, 0), (7, 8)] as [(UInt16, UInt16)] {
        requests.append(
          .init(type: type, flags: flags, cookie: 7, offset: UInt64(offset), length: UInt64(length))
        )
      }
    }
    requests.append(.init(type: NBD.Command.flush, cookie: 1))
    requests.append(.init(type: NBD.Command.cache, cookie: 2, length: 4))
    requests.append(
      .init(
        type: NBD.Command.write,
        flags: isExtended ? NBD.CommandFlag.payloadLength : 0,
        cookie: 3,
        length: 40,
        payload: [UInt8](repeating: 0x25, count: 40)
      )
    )
    if isExtended {
      let payload: [UInt8] = [0, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 1]
      requests.append(.init(type: 7, flags: 32, cookie: 4, length: 12, payload: payload))
    }
    requests.append(.init(type: NBD.Command.disconnect, cookie: 5))
    return requests.flatMap { request in
      var request = request
      request.isExtended = isExtended
      return request.bytes
    }
  }

  /// An input that is not quite one of `seeds`.
  static func mutation(of seeds: [[UInt8]], using random: inout SeededGenerator) -> [UInt8] {
    var bytes = seeds.randomElement(using: &random) ?? []
    for _ in 0..<Int.random(in: 1...6, using: &random) where !bytes.isEmpty {
      let place = Int.random(in: 0..<bytes.count, using: &random)
      let end = min(bytes.count, place + 1 + random.anyMagnitude(below: 40))
      switch Int.random(in: 0..<6, using: &random) {
      case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 2: bytes[place] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
      case 3: bytes.removeSubrange(place..<end)
      case 4: bytes.insert(contentsOf: bytes[place..<end], at: place)
      default:
        let other = seeds.randomElement(using: &random) ?? []
        bytes = bytes.prefix(place) + other.suffix(random.anyMagnitude(below: other.count + 1))
      }
    }
    return bytes
  }
}
