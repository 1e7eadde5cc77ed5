extension Negotiation {
  /// The replies that list exports, the same for all clients.
  public static func encodeList(
    of exports: some Sequence<(name: String, description: String)>
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    for export in exports {
      var data: [UInt8] = []
      data.append(bigEndian: UInt32(export.name.utf8.count))
      data += export.name.utf8
      data += export.description.utf8
      bytes += OptionReply(.list, .server, data: data).encode()
    }
    return bytes + OptionReply(.list, .acknowledgement).encode()
  }
}
