/*
 * Telling systemd how the service is [P-12.5]: a datagram to the socket that it names in NOTIFY_SOCKET, as
 * sd_notify(3) describes.  Without that variable nothing is sent.  Thread: any.
 */
#ifndef CS_APP_NOTIFY_H
#define CS_APP_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/* "READY=1", "STOPPING=1", "WATCHDOG=1".  False: nobody listens, or it could not be sent. */
bool notify_send(const char *state);

/* How often the watchdog wants to hear from this process, in microseconds: half of what it allows; 0: there is none. */
int64_t notify_watchdog_us(void);

#endif
