/* partition: which partition a site lives in. All of a site is in one, for ever; consumers may compute it too. */
#ifndef CARELINE_PARTITION_H
#define CARELINE_PARTITION_H

#include <stdint.h>

/* FNV-1a (64 bit) of the site's UTF-8 bytes, modulo the installation's number of partitions. */
uint32_t partition_of_site(const char *site, uint32_t partitions);

#endif
