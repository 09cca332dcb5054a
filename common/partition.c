#include "partition.h"

#include <assert.h>

uint32_t partition_of_site(const char *site, uint32_t partitions)
{
    uint64_t hash = 0xcbf29ce484222325u;

    assert(partitions > 0);
    for (const unsigned char *at = (const unsigned char *)site; *at; at++)
        hash = (hash ^ *at) * 0x100000001b3u;
    return (uint32_t)(hash % partitions);
}
