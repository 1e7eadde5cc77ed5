extension HelpTopic {
  static let exports = HelpTopic(
    name: "exports",
    summary: "files that describe several disks",
    text: """
      exports: files that describe several disks

        nbdgen serve FILE                         serves them
        nbdgen write DIR --exports FILE           writes each into a file of its name
        nbdgen digest --exports FILE              prints the SHA-256 of each
        nbdgen map --exports FILE                 shows what lies where on each
        nbdgen who PLACE --exports FILE -e NAME   tells whose a byte of one is

      With -e NAME, write, digest and map take one of them, too.

      A file is YAML:

        exports:
          - name: root
            description: what the lab machines boot from
            generator: linuxdisk
            parameters:
              dir: [base/, overlay/]
              type: ext4
              size: +1G
          - name: seed
            generator: floppy
            parameters: [seed/, label=CIDATA, layout=none]
            built: at-start

        name          what clients ask for; those that name none get the first, or that of -e
        description   a text for people, which clients see in the list
        generator     see nbdgen list
        parameters    names and values, or a list of words as on the command line
        built         first-use: when the first client asks for it, the default; or at-start

      Relative paths in parameters start at the file's directory. SIGHUP has the server read the file
      anew: clients that connect from then on see disks that are built anew, the others go on with
      theirs; a file that is wrong changes nothing. docs/exports.md tells more.
      """
  )
}
