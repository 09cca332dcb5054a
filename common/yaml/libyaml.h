/* libyaml: the library's own <yaml.h>, which hides behind ours of the same name. Include it as <libyaml.h>. */
#ifndef CARELINE_LIBYAML_H
#define CARELINE_LIBYAML_H

#include_next <yaml.h>

#endif
