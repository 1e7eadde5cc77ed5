public import GeneratorKit

extension DataDisk {
  /// What users are told about the generator.
  public static let manual = Manual(
    name: "data",
    summary: "a disk from a byte expression",
    mainParameter: "data",
    parameters: [
      .init("data", "EXPRESSION", "The expression, in the language described below."),
      .init("include", "FILE", "A file that holds the expression, over many lines if you like."),
      .init("raw", "TEXT", "The disk's bytes as they are."),
      .init(
        "base64",
        "TEXT",
        "The disk's bytes in Base64 (RFC 4648), padded; white space does not count."
      ),
      .init(
        "size",
        "SIZE",
        "Size of the disk: what is longer is cut off, what is shorter filled up with a hole. "
          + "Default: the size of the expression, to the byte."
      ),
      .init(
        "allocator",
        "sparse|malloc|zstd",
        "Has no effect, as nothing is stored; accepted for nbdkit's sake."
      ),
    ],
    otherParameters: .init(
      "NAME",
      "EXPRESSION",
      "A variable that the expression can use as $NAME; it hides an environment variable."
    ),
    discussion: dataLanguage
  )
}

/// The manual of the language.
private let dataLanguage = """
  An expression is a list of things that write bytes one after the other. White space separates \
  them where they would run together; # starts a comment that ends with the line. The language is \
  that of nbdkit's data plugin, and a little more (marked with +).

  BYTES

      0x55 85 0125            a byte, 0 to 255: hexadecimal, decimal or octal
      le16:0x1234 be64:1      a word of 16, 32 or 64 bits, little or big endian
      "text\\n\\x00"            the bytes of a text; escapes are those of C, \\xHH any byte

  OFFSETS

      @510                    go to offset 510; what is skipped is a hole
      @+16  @-16              go forward or back; later bytes cover earlier ones
      @^512                   go to the next multiple of 512, a power of two
      @=512  @<=510           + fail unless the offset is 512, or 510 at most

  An offset that was reached counts for the size, even if nothing is written there.

  GROUPS, REPETITIONS, SLICES

      (1 2 @4 3)              a group has offsets of its own, and is written as a whole
      0x55*512                512 times; binds to the one thing before it
      "hello"[1:3]            bytes from 1 up to, not including, 3; also [1:] and [:3]

  Numbers behind @, * and in slices may have a unit (+): b 1, s 512, k, m, g, t, p, e powers of \
  1024: @1M, 0*2K. They may be a variable (+): @$start, 0x55*$count, le16:$value.

  NAMES

      (0x55 0xAA) -> \\sign    give a name to the one thing before; it writes nothing
      @510 \\sign              use it; a name can be seen to the end of its group

  A name stands for what it was defined as, with the names visible there, whatever they are \
  redefined as later.

  FILES, SCRIPTS, VARIABLES

      <boot.bin               the bytes of a file; the name ends at *, [, ) or white space
      <(printf '%04d' 7)      what a shell script writes to its standard output
      $name                   the expression in a parameter or an environment variable

  A regular file is not read but referred to, however large; like all source files it has to stay \
  as it is. Of a device or a stream, and of a script, at most 1 GiB is read, at the start; a slice \
  [:N] reads no more than N bytes, and does not mind how the script ends. The option --no-exec \
  forbids files and scripts, for expressions that come from strangers.

  Nothing is written out: 0x55*1E is as quick and small as 0x55. Repetitions of zeros, and gaps, \
  are reported to clients as holes, zeros that were written one by one as zeros, to the byte.

  EXAMPLES

  A boot sector that waits for ever, with a check that the code leaves room for the signature:

      nbdgen data '\(ManualExamples.bootSector)' \\
        --run 'qemu-system-i386 -drive file="$uri",format=raw,snapshot=on'

  The expression of a disk of 1 MiB with one Linux partition from sector 1 on:

  \(ManualExamples.indented(ManualExamples.masterBootRecord))

  That of a disk of 2 MiB with a GUID partition table of one Linux partition, sectors 2048 to 4062; \
  the checksums were computed beforehand:

  \(ManualExamples.indented(ManualExamples.guidPartitionTable))

  Three files, each from a sector boundary on:

      nbdgen data '<one @^512 <two @^512 <three @^512'

  A pattern over 1 TiB, of which 99 % is a hole:

      nbdgen data '("nbdgen" @100K)*10M' size=1T
  """
