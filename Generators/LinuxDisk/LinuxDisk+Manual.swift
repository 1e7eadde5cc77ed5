public import GeneratorKit

extension LinuxDisk {
  /// What users are told about the generator.
  public static let manual = Manual(
    name: "linuxdisk",
    summary: "a directory tree as a Linux filesystem in a partition",
    mainParameter: "dir",
    parameters: [
      .init(
        "dir",
        "DIRECTORY",
        isRepeatable: true,
        "The tree. Everything below it is served: regular files, directories, symbolic links, "
          + "hard links, devices, fifos and sockets, with owners, modes, times and extended "
          + "attributes. Given several times, the trees are merged: where two have the same "
          + "path, the later one's file is served, and directories are joined."
      ),
      .init(
        "tar",
        "FILE",
        isRepeatable: true,
        "A tar archive as the tree, or as a part of it like a further dir=. It may be compressed "
          + "by gzip, which costs one pass over it at the start, or by xz, zstd or bzip2, which "
          + "have it decompressed into a temporary file."
      ),
      .init(
        "oci",
        "DIRECTORY|FILE",
        isRepeatable: true,
        "An image of containers as the tree, or as a part of it: an OCI image layout, a directory "
          + "or a tar archive of one, or what docker save makes."
      ),
      .init(
        "image",
        "NAME",
        "Which image, where oci= has several: its org.opencontainers.image.ref.name, or its "
          + "name and tag in Docker's words."
      ),
      .init(
        "platform",
        "OS/ARCHITECTURE[/VARIANT]",
        "What the image runs on, where oci= has one for each. Default: linux and the "
          + "architecture of the host."
      ),
      .init("type", "ext2|ext3|ext4", "The filesystem's type. Default: ext2."),
      .init(
        "features",
        "NAME,^NAME,...",
        "Features to turn on, and with ^ or - before the name off, by the names that mke2fs -O has: "
          + "\(Feature.allCases.map(\.rawValue).joined(separator: ", ")). Default: what goes with "
          + "the type."
      ),
      .init(
        "block-size",
        "1024|2048|4096",
        "Size of a block in bytes. Default: 4096. Smaller ones waste less on small files, and hold "
          + "less: directories, attributes, targets of symbolic links and files have lower limits."
      ),
      .init(
        "inode-size",
        "128|256|512|1024|2048|4096",
        "Size of an inode in bytes, up to that of a block. Default: 256. Larger ones have room for "
          + "more extended attributes; those of 128 keep times in whole seconds, up to 2038."
      ),
      .init(
        "journal",
        "SIZE|none",
        "Size of the journal of ext3 and ext4, 1,024 blocks at least. Default: 1,024 blocks for "
          + "ext3, which must have one, and none for ext4."
      ),
      .init(
        "reserved",
        "PERCENT%|SIZE",
        "How much of the filesystem only root may fill, up to half of it. Default: none."
      ),
      .init("label", "TEXT", "The filesystem's label, at most 16 bytes. Default: none."),
      .init(
        "size",
        "SIZE|+SIZE|min",
        "Size of the filesystem in bytes, or how much room there is beyond the tree's own need; "
          + "K, M, G and T stand for powers of 1024, and min for as little as will do. Free room "
          + "costs nothing. Default: a fifth more than the tree needs."
      ),
      .init(
        "inodes",
        "+COUNT",
        "How many files can be added. Default: one for every 16 KiB of free room; with a SIZE or "
          + "min, what is left in the last block of inodes."
      ),
      .init(
        "layout",
        "mbr|gpt|none",
        "What is around the filesystem: an MBR, a GUID partition table, or nothing, the disk being "
          + "the filesystem. Default: mbr, which holds up to 2 TiB."
      ),
      .init(
        "uuid",
        "UUID",
        "The filesystem's UUID. Default: one that derives from the tree and the parameters."
      ),
      .init(
        "xattrs",
        "keep|skip",
        "Whether files keep their extended attributes, POSIX ACLs among them. Default: keep."
      ),
      .init(
        "on-change",
        "error|serve",
        "What becomes of a file that changes while it is served: it cannot be read any more, or it "
          + "is served as it is now, with zeros where it became shorter. Default: error."
      ),
      .init(
        "snapshot",
        "none|auto|reflink",
        "Whether files are cloned at the start, so that they may change while they are served. "
          + "Clones share their blocks with the files, which btrfs and XFS can; they are in a file "
          + "without a name in the tree's directory, which goes when nbdgen does. auto is for "
          + "serving files as they are where they cannot be cloned. Default: none."
      ),
    ] + editing,
    discussion: """
      The disk has one Linux partition at 1 MiB (in an MBR of type 0x83), so a guest finds its root \
      on /dev/vda1 or /dev/sda1; with layout=none on /dev/vda or /dev/sda. The filesystem has blocks \
      of 4 KiB and inodes of 256 bytes, which keep nanoseconds and years up to 2446. Directories of \
      more than a block are indexed, so that a name among 100,000 is found as quickly as one among \
      ten. A file with more than 65,000 hard links, the most that these filesystems have, becomes \
      several files with the same content.

      What a type has by itself is chosen so that a guest can read it and write to an overlay \
      without more ado; features= changes it. ext2 and ext3 can only leave out what they have: \
      everything else is ext4's. With metadata_csum, which takes the place of uninit_bg and brings \
      64bit unless that is turned off, everything but file contents has checksums. Features that \
      have no use here, such as resize_inode (resize2fs grows a copy without it), are refused with \
      the reason.

      Nothing is copied. Names and attributes are read at the start; what the filesystem needs \
      beside them is computed when a client reads it, and file contents come from the files \
      themselves at that moment. Holes of sparse files, free room and everything else that is not \
      there are reported to clients as holes.

      dir=, tar= and oci= may be mixed; the later ones win. Archives are not unpacked: the \
      headers are read at the start, and contents come from the archive itself, at the offsets \
      where they are. In one compressed by gzip, places are remembered, about one in a MiB, where \
      decompressing can be taken up; they take at most 16 MiB of memory. The formats are those of \
      V7, POSIX (ustar and pax) and GNU tar, with long names, hard links, devices, sparse files, \
      extended attributes and nanoseconds where the archive has them; owners are the numbers in \
      the archive. Directories that are not in it belong to root and have mode 755, symbolic links \
      on the way to a file are followed inside of the tree, and of several members of one name the \
      last one counts. ACLs that tar wrote as text are kept if they name users and groups by \
      number, and are left out with a note if not; GNU tar keeps the numbers with --xattrs \
      --xattrs-include='*'. An archive that changes after the start can no longer be read, like \
      any file.

      An image's layers are merged in order, and what whiteouts name is gone. Sizes and SHA-256 \
      digests of its blobs are checked at the start, which reads each once.

      Extended attributes are those in the namespaces user, trusted (which only root can read) and \
      security - file capabilities and SELinux labels - and POSIX ACLs. A file can have about \
      4 KiB of them: 88 bytes in its inode (a larger inode-size= has more room), and a block of \
      4,060, which files with equal ones share \
      (the kernel's old ext2 driver, a rare thing, sees only those in the block). Files that have \
      more are an error that names them; xattrs=skip leaves all attributes out. \
      Attributes that tell of the host's filesystem rather than of the file, such as \
      btrfs.compression, are left out with a note.

      Root is never needed: a manifest says what owners, modes, times and extended attributes files \
      have, and which devices there are. The tiny VM below boots from a directory that anybody can \
      make, with one line in a file, "./dev/console type=char device=native,5,1", and \
      manifest=FILE. Things happen in this order: what exclude= and include= say is left out, \
      owner= and mode-mask= change what is left, and manifests have the last word. \
      docs/manifests.md describes both forms.

      A file that changes after the start - content, size, times, or another file in its place - \
      can no longer be read: clients get an I/O error, and the log names the file. Restart nbdgen \
      to serve the tree as it is now, or see on-change= and snapshot=. What a program does to a \
      file that it mapped into memory is noticed only when the host's kernel notices.

      Equal trees give equal disks, byte for byte, on every host: UUID and hash seed derive from \
      the tree and the parameters, and the time of the filesystem's making is that of the newest \
      file, or SOURCE_DATE_EPOCH if that is set. The recipe that nbdgen prints at the start is the \
      same for the same disk, and nbdgen digest prints the SHA-256 of the disk itself.

      A change of one file, or one file more or less, leaves nearly all of the disk as it was, so \
      that copies of disks can be brought up to date piece by piece. For that there are gaps \
      between files, a quarter of what they take; with size=min, or a size that leaves no room for \
      them, there are none.

      Boot a tiny VM:

          nbdgen -U - linuxdisk root/ --run \\
            'qemu-system-x86_64 -nographic -kernel vmlinuz \\
               -append "console=ttyS0 root=/dev/sda1 ro" \\
               -drive file="$uri",format=raw,snapshot=on'
      """
  )
}
