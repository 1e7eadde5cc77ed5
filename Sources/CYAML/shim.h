#ifndef NBDGEN_CYAML_SHIM_H
#define NBDGEN_CYAML_SHIM_H

#include <yaml.h>

#endif
