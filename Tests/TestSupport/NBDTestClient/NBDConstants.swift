/// The protocol's numbers, typed out from the specification for the tests alone.
///
/// They are plain integers, not enumerations, because tests send wrong ones too. Nothing here comes
/// from the server's own codecs: a number wrong there must not be wrong here as well.
package enum NBD {
  package enum Magic {
    /// `NBDMAGIC`.
    package static let greeting: UInt64 = 0x4e42_444d_4147_4943
    /// `IHAVEOPT`.
    package static let option: UInt64 = 0x4948_4156_454f_5054
    package static let optionReply: UInt64 = 0x0003_e889_0455_65a9
    package static let request: UInt32 = 0x2560_9513
    package static let simpleReply: UInt32 = 0x6744_6698
    package static let structuredReply: UInt32 = 0x668e_33ef
    package static let extendedRequest: UInt32 = 0x21e4_1c71
    package static let extendedReply: UInt32 = 0x6e8a_278c
  }

  package enum HandshakeFlag {
    package static let fixedNewstyle: UInt16 = 1
    package static let noZeroes: UInt16 = 2
  }

  package enum ClientFlag {
    package static let fixedNewstyle: UInt32 = 1
    package static let noZeroes: UInt32 = 2
  }

  package enum Option {
    package static let exportName: UInt32 = 1
    package static let abort: UInt32 = 2
    package static let list: UInt32 = 3
    package static let peekExport: UInt32 = 4
    package static let startTLS: UInt32 = 5
    package static let info: UInt32 = 6
    package static let go: UInt32 = 7
    package static let structuredReply: UInt32 = 8
    package static let listMetaContext: UInt32 = 9
    package static let setMetaContext: UInt32 = 10
    package static let extendedHeaders: UInt32 = 11
  }

  /// Types of option replies; bit 31 marks an error.
  package enum OptionReplyType {
    package static let ack: UInt32 = 1
    package static let server: UInt32 = 2
    package static let info: UInt32 = 3
    package static let metaContext: UInt32 = 4
    package static let errorBit: UInt32 = 0x8000_0000
    package static let unsupported: UInt32 = 0x8000_0001
    package static let policy: UInt32 = 0x8000_0002
    package static let invalid: UInt32 = 0x8000_0003
    package static let platform: UInt32 = 0x8000_0004
    package static let tlsRequired: UInt32 = 0x8000_0005
    package static let unknown: UInt32 = 0x8000_0006
    package static let shutdown: UInt32 = 0x8000_0007
    package static let blockSizeRequired: UInt32 = 0x8000_0008
    package static let tooBig: UInt32 = 0x8000_0009
    package static let extendedHeadersRequired: UInt32 = 0x8000_000a
  }

  /// Kinds of information about an export, asked for and given in `INFO` and `GO`.
  package enum Info {
    package static let export: UInt16 = 0
    package static let name: UInt16 = 1
    package static let description: UInt16 = 2
    package static let blockSize: UInt16 = 3
  }

  package enum TransmissionFlag {
    package static let hasFlags: UInt16 = 0x0001
    package static let readOnly: UInt16 = 0x0002
    package static let sendFlush: UInt16 = 0x0004
    package static let sendFUA: UInt16 = 0x0008
    package static let rotational: UInt16 = 0x0010
    package static let sendTrim: UInt16 = 0x0020
    package static let sendWriteZeroes: UInt16 = 0x0040
    package static let sendDF: UInt16 = 0x0080
    package static let canMultiConn: UInt16 = 0x0100
    package static let sendResize: UInt16 = 0x0200
    package static let sendCache: UInt16 = 0x0400
    package static let sendFastZero: UInt16 = 0x0800
    package static let blockStatusPayload: UInt16 = 0x1000
  }

  package enum Command {
    package static let read: UInt16 = 0
    package static let write: UInt16 = 1
    package static let disconnect: UInt16 = 2
    package static let flush: UInt16 = 3
    package static let trim: UInt16 = 4
    package static let cache: UInt16 = 5
    package static let writeZeroes: UInt16 = 6
    package static let blockStatus: UInt16 = 7
    package static let resize: UInt16 = 8
  }

  package enum CommandFlag {
    package static let fua: UInt16 = 1
    package static let noHole: UInt16 = 2
    package static let df: UInt16 = 4
    package static let reqOne: UInt16 = 8
    package static let fastZero: UInt16 = 16
    package static let payloadLength: UInt16 = 32
  }

  package enum ReplyFlag {
    package static let done: UInt16 = 1
  }

  package enum ChunkType {
    package static let none: UInt16 = 0
    package static let offsetData: UInt16 = 1
    package static let offsetHole: UInt16 = 2
    package static let blockStatus: UInt16 = 5
    package static let extendedBlockStatus: UInt16 = 6
    package static let error: UInt16 = 0x8001
    package static let errorOffset: UInt16 = 0x8002
  }

  /// Error numbers on the wire, the same on every platform.
  package enum ErrorNumber {
    package static let eperm: UInt32 = 1
    package static let eio: UInt32 = 5
    package static let enomem: UInt32 = 12
    package static let einval: UInt32 = 22
    package static let enospc: UInt32 = 28
    package static let eoverflow: UInt32 = 75
    package static let enotsup: UInt32 = 95
    package static let eshutdown: UInt32 = 108

    package static let all: Set<UInt32> = [
      eperm, eio, enomem, einval, enospc, eoverflow, enotsup, eshutdown,
    ]
  }

  /// Status bits of `base:allocation`.
  package enum AllocationFlag {
    package static let hole: UInt32 = 1
    package static let zero: UInt32 = 2
  }

  /// The longest string the protocol allows, in bytes.
  package static let maximumStringLength = 4096
}
