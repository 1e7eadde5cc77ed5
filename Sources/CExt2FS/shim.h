#ifndef NBDGEN_CEXT2FS_SHIM_H
#define NBDGEN_CEXT2FS_SHIM_H

#include <ext2fs/ext2_fs.h>
#include <ext2fs/ext2fs.h>

#endif
