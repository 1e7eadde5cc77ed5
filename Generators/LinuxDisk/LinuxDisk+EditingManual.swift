import GeneratorKit

extension LinuxDisk {
  /// What users are told about the parameters that change the tree.
  static let editing: [Manual.Parameter] = [
    .init(
      "exclude",
      "GLOB",
      isRepeatable: true,
      "Leaves out files and directories, with everything below them. Of all exclude= and include=, "
        + "in the order given, the first that matches decides; what none matches stays. A pattern "
        + "with a slash at the start or inside is for the path from the root, another one for the "
        + "name alone; with a slash at the end it is for directories. * is any bytes but slashes, "
        + "** any bytes, **/ any directories or none, ? a byte, [a-z] and [!a-z] one of a set or "
        + "none of it, and a backslash takes the meaning away. What is left out is not opened."
    ),
    .init("include", "GLOB", isRepeatable: true, "Keeps what a later exclude= would leave out."),
    .init("owner", "USER:GROUP", "Owner and group of everything, two numbers."),
    .init(
      "mode-mask",
      "OCTAL",
      "Permissions that are taken away from everything but symbolic links: 022 leaves others no "
        + "right to write."
    ),
    .init(
      "manifest",
      "FILE",
      isRepeatable: true,
      "Says what files are like, which ones there are besides, and which ones there are not: an "
        + "mtree(5) manifest, or a device table as of buildroot or genext2fs. Of several, the last "
        + "one that names a file counts."
    ),
    .init(
      "manifest-format",
      "mtree|devices",
      "The form of all manifests. Default: what each one looks like."
    ),
  ]
}
