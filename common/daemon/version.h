/* version: of this build, as told in status, metrics and quarantine reports. */
#ifndef CARELINE_VERSION_H
#define CARELINE_VERSION_H

#define CARELINE_VERSION "0.1.0"

#endif
