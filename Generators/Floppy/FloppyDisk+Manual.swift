public import GeneratorKit

extension FloppyDisk {
  /// What users are told about the generator.
  public static let manual = Manual(
    name: "floppy",
    summary: "a directory as a FAT filesystem",
    mainParameter: "dir",
    parameters: [
      .init(
        "dir",
        "DIRECTORY",
        isRequired: true,
        "The tree: regular files and directories, with names, times and the read-only attribute. "
          + "Symbolic links that stay in the tree are followed; what FAT does not have, such as "
          + "devices, is left out with a note."
      ),
      .init(
        "type",
        "auto|fat12|fat16|fat32",
        "The filesystem's type, which is a matter of its number of clusters: FAT12 has up to "
          + "4084, FAT16 up to 65524. Default: auto, what fits best."
      ),
      .init(
        "cluster",
        "SIZE",
        "Size of a cluster, a power of two from 512 to 64K. Default: what wastes least, or with "
          + "size= what is usual for the size."
      ),
      .init(
        "size",
        "SIZE|+SIZE",
        "Size of the disk in bytes, 64 KiB to 2 TiB, or how much room there is beyond the tree's "
          + "own need; K, M, G and T stand for powers of 1024. 160K, 180K, 320K, 360K, 720K, 1200K, "
          + "1440K and 2880K are the formats of real floppy disks. Free room costs nothing. "
          + "Default: a fifth more than the tree needs."
      ),
      .init(
        "layout",
        "auto|mbr|gpt|none",
        "What is around the filesystem: an MBR or a GPT with one partition, at 1 MiB (with an MBR "
          + "on disks under 4 MiB, at sector 63), of the type EFI system in a GPT; or nothing. "
          + "Default: auto, an MBR, but nothing if size= is at most that of a floppy disk, 2880K."
      ),
      .init("label", "TEXT", "The volume's label, at most 11 characters. Default: none."),
      .init(
        "volume-id",
        "XXXX-XXXX",
        "The volume's serial number, eight hexadecimal digits. Default: derived from the tree."
      ),
      .init(
        "bootsector",
        "FILE",
        "Boot code, 512 bytes that start with a jump over the BPB, which stays the filesystem's "
          + "own. Code that is for FAT12 and FAT16 starts at byte 62, for FAT32 at 90. Default: "
          + "code that says that there is nothing to boot from."
      ),
      .init(
        "on-conflict",
        "error|rename|skip",
        "What to do with names that FAT cannot hold: fail and list them all, give them others, or "
          + "leave them out; skip also leaves out files and entries that are too large or too many. "
          + "Default: error."
      ),
      .init(
        "timezone",
        "UTC|local|+HH:MM",
        "The zone of the times on the disk, which FAT does not record. Default: UTC."
      ),
    ],
    discussion: """
      Nothing is copied. Names and attributes are read at the start, the allocation table is \
      computed when a client reads it, and file contents come from the files themselves at that \
      moment. Free clusters, what files leave of their last cluster, and holes of sparse files are \
      reported to clients as holes.

      A file that changes after the start can no longer be read: clients get an I/O error, and the \
      log names the file. Equal trees give equal disks, byte for byte, on every host; the label's \
      time is that of the newest file, or SOURCE_DATE_EPOCH if that is set.

      Names that differ only in case, that have one of " * : < > ? | \\ or a control character, that \
      end in a dot or a space, that are a device's (CON, NUL, COM1 and so on) or not UTF-8, files of \
      4 GiB and more, and directories of more than 65,536 entries of 32 bytes cannot be on a FAT \
      filesystem; see on-conflict=. Names in lower case of the form 8.3 need one entry, others one \
      more for each 13 characters. Times are kept to 2 seconds, and between 1980 and 2107.

      EXAMPLES

      A floppy disk for a DOS that boots, of its boot sector and files:

          nbdgen floppy dos/ size=1440K bootsector=boot.bin \\
            --run 'qemu-system-i386 -drive file="$uri",format=raw,if=floppy,snapshot=on'

      An EFI system partition with EFI/BOOT/BOOTX64.EFI in it:

          nbdgen floppy esp/ layout=gpt --run \\
            'qemu-system-x86_64 -bios /usr/share/ovmf/OVMF.fd -drive file="$uri",format=raw,snapshot=on'

      The seed of cloud-init, with the files user-data and meta-data:

          nbdgen floppy seed/ label=CIDATA layout=none
      """
  )
}
