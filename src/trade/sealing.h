/*
 * Bodies of a terminal whose setting `encrypt` is on [trade.md 4.2]: {nonce, ciphertext, aad} in base64, AES-256-GCM
 * with the tag behind the ciphertext, 12 random bytes of nonce, the device's id as associated data, under a key derived
 * from its secret: HKDF-SHA256, no salt, info `countersign/payload/v1`.  The signature is over the body as it is sent,
 * so it covers what is sealed.  Problems are never sealed: a terminal with a wrong clock has to read them. Private to
 * src/trade.  Thread: any.
 */
#ifndef CS_TRADE_SEALING_H
#define CS_TRADE_SEALING_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;
struct device;
struct env;
struct faults;

/*
 * Open `body` into itself.  False: it is not of that form, or was tampered with; the faults name the member
 * (pointer /nonce, /ciphertext or /aad, code format or seal).
 */
bool sealing_open(const unsigned char *secret_key, const struct device *device, struct arena *arena, struct buf *body,
				  struct faults *faults);

/* Append `text` sealed. False: there was no memory. */
bool sealing_close(const struct env *env, const unsigned char *secret_key, const struct device *device,
				   struct arena *arena, const struct buf *text, struct buf *out);

#endif
