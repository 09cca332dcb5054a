/* key_file: the installation's master key, 32 random bytes in a file that only its owner can read. */
#ifndef CARELINE_KEY_FILE_H
#define CARELINE_KEY_FILE_H

#include <stdbool.h>
#include <stdint.h>

enum { MASTER_KEY_BYTES = 32 };

/* Reads the key; makes the file, mode 0600, if it is not there. Several processes may do so at once: all get the same
 * key. false with a message for the operator. */
bool key_file_read(const char *path, uint8_t ret_key[MASTER_KEY_BYTES], char message[160]);

#endif
